// Accesses that translated code cannot make itself: device memory, and two pages at once. The instruction runs alone on
// a buffer, which is filled from guest memory before and written back after.
#include "engine/translator/decode/alignment.h"
#include "engine/translator/decode/lanes.h"
#include "engine/translator/runtime/vcpu.h"
#include "engine/translator/system/vector_image.h"

namespace hospes::translator {

namespace {

// XCHG with memory is locked with or without the prefix.
bool is_locked(const Instruction& instruction) {
    return (instruction.info().attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0 ||
           instruction.info().mnemonic == ZYDIS_MNEMONIC_XCHG;
}

bool is_x87(const Instruction& instruction) { return instruction.info().meta.category == ZYDIS_CATEGORY_X87_ALU; }

// Calls work(first, size) for each run of set bits.
template <typename Work>
Checked<void> for_each_run(std::uint64_t bits, Work work) {
    for (unsigned first = 0; bits >> first != 0;) {
        first += static_cast<unsigned>(__builtin_ctzll(bits >> first));
        const std::uint64_t after = ~(bits >> first);
        const unsigned size = after == 0 ? 64 : static_cast<unsigned>(__builtin_ctzll(after));
        GUEST_TRY(work(first, size));
        if ((first += size) >= 64) break;
    }
    return {};
}

}  // namespace

bool TranslatorVcpu::decode_here(Instruction& out) {
    std::uint8_t bytes[15] = {};
    const Gva rip = linear(state_.rip);
    const auto first = static_cast<unsigned>(std::min<std::uint64_t>(sizeof bytes, kPageSize - (rip & kPageMask)));
    const AccessClass access_class = mode_.user() ? AccessClass::User : AccessClass::Supervisor;
    unsigned length = 0;
    for (const auto& [address, size] : {std::pair{rip, first}, {rip + first, sizeof bytes - first}}) {
        if (size == 0) break;
        const Checked<Translation> found = probe(system_.mmu, address, Access::Fetch, access_class);
        if (!found.ok() || !shared_.ram.read(found.value().gpa, bytes + length, size)) break;
        length += static_cast<unsigned>(size);
    }
    return cache_.decoder().decode({bytes, length}, mode_, out);
}

// A fault of the access in interruption_. Where the operand is misaligned too, that comes first.
void TranslatorVcpu::raise_access_fault(const GuestFault& fault) {
    const unsigned size = interruption_.info & ((1u << AccessInfo::kSizeBits) - 1);
    const bool masked = AccessInfo::lanes(interruption_.info).mask != 0;
    if (fault.vector == x86::PF_ && (masked || (size >= 16 && (interruption_.address & (size - 1)) != 0))) {
        need_cpp();
        Instruction instruction;
        const Gva begin = interruption_.address - interruption_.skipped;
        if (decode_here(instruction) && needs_alignment(instruction) && (begin & (instruction.access_size - 1u)) != 0) {
            raise(general_protection());
            return;
        }
    }
    raise(fault);
}

void TranslatorVcpu::bounce() {
    need_cpp();
    ++counters_.bounces;
    Instruction instruction;
    if (!decode_here(instruction)) {  // another vCPU or a device has changed it
        force_single_ = true;
        return;
    }
    if (instruction.kind != Kind::Plain && instruction.kind != Kind::BitString) {
        trace_steps_ = false;
        if (mode_.looked_at()) begin_step();
        Checked<void> outcome = execute(system_, instruction.decoded);
        if (outcome.ok()) {
            after_system(instruction.decoded);
        } else {
            raise(outcome.fault());
        }
        return;
    }
    force_single_ = false;
    const Mode mode = mode_;
    mode_ = mode_.with(Mode::kSingle).with(Mode::kBounce);
    const void* code = next_code();
    mode_ = mode;
    trace_steps_ = (state_.rflags & x86::rflags::TF) != 0;
    if (code == nullptr) return;
    if (!is_locked(instruction)) {
        know_store(instruction, code);
        bounce_with(instruction, code);
        return;
    }
    ++counters_.locked_alone;
    Exclusive turn(shared_.rendezvous, index_);
    turn.stop(kAllVcpus);
    bounce_with(instruction, code);
}

// An x87 store does not take place if it raises an exception that is not masked: only here that is seen to.
void TranslatorVcpu::know_store(const Instruction& instruction, const void* code) {
    if (instruction.kind != Kind::Plain || !instruction.writes_memory || is_x87(instruction)) return;
    if (lanes_of(instruction).mask != 0) return;
    const BlockIndex block = cache_.block_at(reinterpret_cast<std::uint64_t>(code));
    known_store(interruption_.host_pc) = {interruption_.host_pc, interruption_.generation, block};
}

// A bit for each byte of the memory operand that is read or written.
std::uint64_t TranslatorVcpu::bytes_of(const Instruction& instruction) {
    const Lanes lanes = lanes_of(instruction);
    const bool whole = lanes.mask == 0 || (instruction.reads_memory && !suppresses_faults(instruction.info()));
    if (whole) return low_bits(instruction.access_size);
    return lanes.bytes(instruction.access_size, VectorImage(system_).mask(lanes.mask));
}

void TranslatorVcpu::bounce_with(const Instruction& instruction, const void* code) {
    const Gva address = interruption_.address;
    const auto access_class = static_cast<AccessClass>(interruption_.info >> AccessInfo::kClassShift & 3);
    const Gva begin = address - interruption_.skipped;
    std::uint8_t* buffer = bounce_ + (begin & 63);
    state_.bounce = reinterpret_cast<std::uint64_t>(buffer);
    // Of the operand, and each alone: what a mask leaves out may be a device's, or another vCPU's just now.
    const std::uint64_t bytes = bytes_of(instruction);
    Checked<void> ready;
    if (instruction.writes_memory) {
        const bool suppresses = AccessInfo::lanes(interruption_.info).mask != 0;
        ready =
            for_each_run(suppresses ? bytes : low_bits(instruction.access_size), [&](unsigned first, unsigned count) {
                return check_write(system_.mmu, begin + first, count, access_class);
            });
    }
    if (ready.ok() && (instruction.reads_memory || is_x87(instruction))) {
        ready = for_each_run(bytes, [&](unsigned first, unsigned count) -> Checked<void> {
            return read_memory(system_.mmu, begin + first, buffer + first, count, access_class);
        });
    }
    if (!ready.ok()) {
        running_single_ = false;
        raise_access_fault(ready.fault());
        return;
    }
    const CodeExit exit = run_code(code);
    need_cpp();
    if (instruction.writes_memory && (exit == CodeExit::Link || exit == CodeExit::Indirect)) {
        const Checked<void> written = for_each_run(bytes, [&](unsigned first, unsigned count) -> Checked<void> {
            return write_memory(system_.mmu, begin + first, buffer + first, count, access_class);
        });
        if (!written.ok()) {
            raise(written.fault());
            return;
        }
    }
    handle_exit(exit);
}

}  // namespace hospes::translator
