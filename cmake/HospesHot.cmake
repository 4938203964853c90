# Files that run while the guest's vector state is still live in host registers ("hot" files): general registers only,
# nothing that could call out to code which uses others. The test architecture.hot_code checks what
# comes out.
# Optimised in every configuration: unoptimised code would leave out-of-line copies of inline functions, which the
# linker could replace by another file's copy. Sanitizers would call into their run-time library.
set(HOSPES_HOT_FLAGS -mgeneral-regs-only -O2 -fno-tree-loop-distribute-patterns -fno-stack-protector
    -fno-sanitize=all -fno-semantic-interposition)

# hospes_hot_sources(file...): marks sources of the current folder's library.
function(hospes_hot_sources)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${HOSPES_HOT_FLAGS}")
endfunction()
