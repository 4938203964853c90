# The library hospes_build_id: a generated header build_id.h with a digest of the CPU engine's sources, the compiler and
# its flags. Made again when one of the sources changes.
file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/engine/*.cc ${CMAKE_SOURCE_DIR}/src/engine/*.h
    ${CMAKE_SOURCE_DIR}/src/cpu/*.cc ${CMAKE_SOURCE_DIR}/src/cpu/*.h ${CMAKE_SOURCE_DIR}/src/x86/*.cc
    ${CMAKE_SOURCE_DIR}/src/x86/*.h)
list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
set(header ${CMAKE_BINARY_DIR}/generated/build_id.h)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
add_custom_command(OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} "-DSOURCES=${sources}" "-DROOT=${CMAKE_SOURCE_DIR}" "-DHEADER=${header}"
        "-DCOMPILER=${compiler}" "-DFLAGS=${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} ${HOSPES_SANITIZE}"
        -P ${CMAKE_SOURCE_DIR}/cmake/write_build_id.cmake
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/cmake/write_build_id.cmake VERBATIM)
add_custom_target(hospes_build_id_header DEPENDS ${header})
add_library(hospes_build_id INTERFACE)
add_dependencies(hospes_build_id hospes_build_id_header)
target_include_directories(hospes_build_id INTERFACE ${CMAKE_BINARY_DIR}/generated)
