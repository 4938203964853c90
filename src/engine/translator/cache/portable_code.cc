#include "engine/translator/cache/portable_code.h"

#include <cstring>

namespace hospes::translator {

void add32(std::uint8_t* at, std::uint32_t value) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    word += value;
    std::memcpy(at, &word, sizeof word);
}

std::uint32_t Placement::distance(const Relocation& relocation) const {
    const Relocation::Kind kind = relocation.kind;
    const CodeOffset to = kind == Relocation::Kind::ToHot ? hot : kind == Relocation::Kind::ToCold ? cold : 0;
    return to - (relocation.at < hot_size ? hot : cold);
}

std::uint16_t Placement::position(CodeOffset from_begin) const {
    return static_cast<std::uint16_t>(from_begin < hot_size ? from_begin : from_begin - (cold - hot) + hot_size);
}

CodeOffset Placement::from_begin(std::uint16_t position) const {
    return position < hot_size ? position : cold - hot + (position - hot_size);
}

std::vector<std::uint8_t> portable_code(const Placement& placement, const EmittedBlock& emitted) {
    const std::uint8_t* const hot = placement.memory + placement.hot;
    const std::uint8_t* const cold = placement.memory + placement.cold;
    std::vector<std::uint8_t> code(hot, hot + emitted.size);
    code.insert(code.end(), cold, cold + emitted.cold_size);
    for (const Relocation& relocation : emitted.relocations) {
        std::uint8_t* const at = code.data() + relocation.at;
        switch (relocation.kind) {
            case Relocation::Kind::Exit: add32(at, 0 - placement.first_exit); break;
            case Relocation::Kind::System: std::memset(at + 4, 0, 4); break;
            default: add32(at, 0 - placement.distance(relocation));
        }
    }
    return code;
}

void put_in_place(const Placement& placement, const SavedBlock& saved) {
    std::memcpy(placement.memory + placement.hot, saved.hot.data(), saved.hot.size());
    std::memcpy(placement.memory + placement.cold, saved.cold.data(), saved.cold.size());
    for (const Relocation& relocation : saved.relocations) {
        std::uint8_t* const at = placement.at(relocation.at);
        switch (relocation.kind) {
            case Relocation::Kind::Exit: add32(at, placement.first_exit); break;
            case Relocation::Kind::System: break;
            default: add32(at, placement.distance(relocation));
        }
    }
}

SavedExit to_saved(const ExitRecord& exit, const Placement& placement) {
    SavedExit saved{};
    saved.target = exit.target;
    saved.jump = placement.position(exit.jump);
    saved.frame_check = exit.checked ? placement.position(exit.frame_check) : std::uint16_t{0};
    if (exit.changes_access) saved.bits |= SavedExit::kChangesAccess;
    if (exit.checked) saved.bits |= SavedExit::kChecked;
    if (exit.flags_saved) saved.bits |= SavedExit::kFlagsSaved;
    return saved;
}

ExitRecord from_saved(const SavedExit& saved, const Placement& placement) {
    ExitRecord exit{};
    exit.target = saved.target;
    exit.jump = placement.from_begin(saved.jump);
    exit.frame_check = placement.from_begin(saved.frame_check);
    exit.changes_access = (saved.bits & SavedExit::kChangesAccess) != 0;
    exit.checked = (saved.bits & SavedExit::kChecked) != 0;
    exit.flags_saved = (saved.bits & SavedExit::kFlagsSaved) != 0;
    return exit;
}

std::vector<std::uint16_t> kernel_addresses(std::span<const Instruction> instructions) {
    std::vector<std::uint16_t> found;
    for (const Instruction& in : instructions) {
        const auto add = [&](unsigned size, unsigned offset) {
            if (size < 32 || !SavedConstant::is_kernel_address(word_at(in.bytes + offset))) return;
            found.push_back(static_cast<std::uint16_t>(in.offset - instructions[0].offset + offset));
        };
        const auto& raw = in.info().raw;
        add(raw.disp.size, raw.disp.offset);
        if (!raw.imm[0].is_relative) add(raw.imm[0].size, raw.imm[0].offset);
    }
    return found;
}

void add_constants(std::vector<SavedConstant>& to, std::uint16_t guest, std::span<const std::uint8_t> code,
                   std::span<const std::uint8_t> moved) {
    if (code.size() != moved.size()) return;
    const std::size_t before = to.size();
    for (std::size_t at = 0; at < code.size(); ++at) {
        if (code[at] == moved[at]) continue;
        const std::size_t begin = at - 2;
        const bool fits = at >= 2 && begin + 4 <= code.size();
        if (!fits || word_at(&moved[begin]) - word_at(&code[begin]) != kTrialMove) return to.resize(before);
        to.push_back({guest, static_cast<std::uint16_t>(begin)});
        at = begin + 3;
    }
}

}  // namespace hospes::translator
