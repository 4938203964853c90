#include <cstring>

#include "forms/decoder.h"
#include "streams/stream.h"

namespace hospes::oracle {

namespace {

constexpr std::uint32_t kStatus = 0x8d5;

struct FlagEffects {
    std::uint32_t read = 0;
    std::uint32_t defined = 0;  // certainly, to a known value
    std::uint32_t undefined = 0;
    std::uint32_t killed = 0;  // the old value is certainly gone
    bool branch = false;
};

// Shifts by 0 and repeats of 0 leave flags alone.
bool may_do_nothing(const Decoded& decoded) {
    if ((decoded.instruction.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) !=
        0) {
        return true;
    }
    const auto category = decoded.instruction.meta.category;
    return category == ZYDIS_CATEGORY_SHIFT || category == ZYDIS_CATEGORY_ROTATE;
}

FlagEffects flag_effects(const Decoded& decoded) {
    FlagEffects effects;
    effects.branch = decoded.instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
    if (decoded.instruction.cpu_flags == nullptr) return effects;
    const ZydisAccessedFlags& flags = *decoded.instruction.cpu_flags;
    effects.read = flags.tested & kStatus;
    if (decoded.instruction.mnemonic == ZYDIS_MNEMONIC_PUSHFQ || decoded.instruction.mnemonic == ZYDIS_MNEMONIC_LAHF) {
        effects.read = kStatus;
    }
    effects.undefined = flags.undefined & kStatus;
    const std::uint32_t written = (flags.modified | flags.set_0 | flags.set_1 | flags.undefined) & kStatus;
    if (!may_do_nothing(decoded)) effects.defined = written & ~effects.undefined;
    effects.killed = written;
    return effects;
}

// Places the kept pieces and follows the flags through them.
class Linker {
  public:
    Linker(const Stream& stream, const std::vector<bool>& dropped, std::uint64_t address)
        : stream_(stream), address_(address) {
        for (std::size_t i = 0; i < stream.pieces.size(); ++i) {
            first_kept_.push_back(kept_.size());
            const unsigned unit = stream.pieces[i].unit;
            if (unit >= dropped.size() || !dropped[unit]) kept_.push_back(&stream.pieces[i]);
        }
        first_kept_.push_back(kept_.size());
    }

    bool run(Experiment& experiment) {
        std::uint32_t at = 0;
        for (const Piece* piece : kept_) {
            offsets_.push_back(at);
            at += static_cast<std::uint32_t>(piece->bytes.size());
        }
        offsets_.push_back(at);
        if (at > kMaxStreamBytes) return false;
        for (std::size_t i = 0; i < kept_.size(); ++i) {
            if (!place(i, experiment)) return false;
        }
        if (!follow_undefined()) return false;
        note_steps(experiment);
        return true;
    }

  private:
    std::size_t label_of(const Piece& piece) const { return first_kept_[static_cast<std::size_t>(piece.label)]; }

    bool place(std::size_t i, Experiment& experiment) {
        const Piece& piece = *kept_[i];
        std::vector<std::uint8_t>& code = experiment.code;
        code.insert(code.end(), piece.bytes.begin(), piece.bytes.end());
        if (piece.fix_bytes != 0) {
            const std::uint64_t target = piece.label == kNoLabel ? piece.target : address_ + offsets_[label_of(piece)];
            const auto value = static_cast<std::int64_t>(target - (address_ + code.size()));
            if (piece.fix_bytes == 1 && value != static_cast<std::int8_t>(value)) return false;
            std::memcpy(code.data() + offsets_[i] + piece.fix_at, &value, piece.fix_bytes);
        }
        Decoded decoded;
        if (!decode(false, code.data() + offsets_[i], piece.bytes.size(), decoded)) return false;
        effects_.push_back(flag_effects(decoded));
        return true;
    }

    // Which flags may be undefined before each instruction; until nothing changes, for there are loops.
    bool follow_undefined() {
        undefined_.assign(kept_.size() + 1, 0);
        for (bool changed = true; changed;) {
            changed = false;
            for (std::size_t i = 0; i < kept_.size(); ++i) {
                const FlagEffects& effects = effects_[i];
                if ((undefined_[i] & effects.read) != 0) return false;
                const std::uint32_t after = (undefined_[i] & ~effects.defined) | effects.undefined;
                changed |= merge(i + 1, after);
                if (kept_[i]->label != kNoLabel) changed |= merge(label_of(*kept_[i]), after);
            }
        }
        return true;
    }

    bool merge(std::size_t at, std::uint32_t flags) {
        const std::uint32_t before = undefined_[at];
        undefined_[at] |= flags;
        return undefined_[at] != before;
    }

    // Flags that later instructions of a straight run overwrite unread need not be right in between: see README.md.
    void note_steps(Experiment& experiment) const {
        experiment.steps.resize(kept_.size() + 1);
        std::uint32_t dead = 0;
        for (std::size_t i = kept_.size() + 1; i-- > 0;) {
            if (i < kept_.size()) {
                if (effects_[i].branch) dead = 0;
                dead = (dead | effects_[i].killed) & ~effects_[i].read;
            }
            experiment.steps[i] = {offsets_[i], undefined_[i], dead};
        }
    }

    const Stream& stream_;
    std::uint64_t address_;
    std::vector<const Piece*> kept_;
    std::vector<std::size_t> first_kept_;  // by piece: index of it or the next one that is kept
    std::vector<std::uint32_t> offsets_;
    std::vector<FlagEffects> effects_;
    std::vector<std::uint32_t> undefined_;
};

}  // namespace

bool link_stream(const Stream& stream, const std::vector<bool>& dropped, std::uint64_t address,
                 Experiment& experiment) {
    experiment = Experiment{};
    experiment.scenario = "stream";
    experiment.address = address;
    experiment.test.initial = stream.initial;
    experiment.test.initial.rip = address;
    experiment.test.cs = kUserCode64;
    return Linker(stream, dropped, address).run(experiment);
}

}  // namespace hospes::oracle
