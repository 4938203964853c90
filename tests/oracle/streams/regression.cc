#include "streams/regression.h"

#include <cstring>
#include <fstream>
#include <sstream>

#include "forms/decoder.h"
#include "forms/instantiate.h"

namespace hospes::oracle {

namespace {

// A named field of the state: its bytes as they lie in memory.
struct StateField {
    std::string name;
    void* bytes;
    std::size_t size;
};

std::vector<StateField> fields_of(CpuImage& state) {
    std::vector<StateField> fields;
    for (unsigned i = 0; i < 16; ++i) fields.push_back({"gpr" + std::to_string(i), &state.gpr[i], 8});
    fields.push_back({"rflags", &state.rflags, 8});
    fields.push_back({"fcw", &state.fcw, 2});
    fields.push_back({"fsw", &state.fsw, 2});
    fields.push_back({"ftw", &state.ftw, 1});
    fields.push_back({"mxcsr", &state.mxcsr, 4});
    for (unsigned i = 0; i < 8; ++i) fields.push_back({"st" + std::to_string(i), state.st[i], 10});
    for (unsigned i = 0; i < 32; ++i) fields.push_back({"zmm" + std::to_string(i), state.vector[i], 64});
    for (unsigned i = 0; i < 8; ++i) fields.push_back({"k" + std::to_string(i), &state.mask[i], 8});
    return fields;
}

bool read_bytes(std::istream& line, std::vector<std::uint8_t>& bytes) {
    std::string word;
    while (line >> word) {
        char* end = nullptr;
        const unsigned long value = std::strtoul(word.c_str(), &end, 16);
        if (*end != '\0' || value > 255) return false;
        bytes.push_back(static_cast<std::uint8_t>(value));
    }
    return true;
}

bool read_field(const std::string& name, std::istream& line, CpuImage& state) {
    for (const StateField& field : fields_of(state)) {
        if (field.name != name) continue;
        std::vector<std::uint8_t> bytes;
        if (!read_bytes(line, bytes) || bytes.size() != field.size) return false;
        std::memcpy(field.bytes, bytes.data(), field.size);
        return true;
    }
    return false;
}

bool read_line(const std::string& name, std::istringstream& line, Regression& regression) {
    Experiment& experiment = regression.experiment;
    if (name == "image-seed") return static_cast<bool>(line >> std::hex >> regression.image_seed);
    if (name == "address") return static_cast<bool>(line >> std::hex >> experiment.address);
    if (name == "code-segment") return static_cast<bool>(line >> std::hex >> experiment.test.cs);
    if (name == "code") return read_bytes(line, experiment.code);
    if (name == "undefined-flags") return static_cast<bool>(line >> std::hex >> experiment.allowance.undefined_flags);
    if (name == "faulting-flags") return static_cast<bool>(line >> std::hex >> experiment.allowance.faulting_flags);
    if (name == "step") {
        Step step;
        line >> std::hex >> step.offset >> step.undefined_flags >> step.dead_flags;
        experiment.steps.push_back(step);
        return static_cast<bool>(line);
    }
    if (name == "memory") {
        std::uint64_t address = 0;
        std::vector<std::uint8_t> bytes;
        line >> std::hex >> address;
        const unsigned before = experiment.test.patch_count;
        if (!read_bytes(line, bytes) || bytes.empty() || bytes.size() > sizeof(Patch::bytes)) return false;
        add_patch(experiment.test, address, bytes.data(), static_cast<unsigned>(bytes.size()));
        return experiment.test.patch_count == before + 1;
    }
    return read_field(name, line, experiment.test.initial);
}

std::uint64_t address_of(const Patch& patch) {
    return kDataPages[patch.offset >> kPageBits].address + (patch.offset & kPageMask);
}

}  // namespace

Result<void> save_regression(const std::string& path, const Regression& regression, const std::string& comment) {
    std::ofstream file(path);
    std::istringstream lines(comment);
    for (std::string line; std::getline(lines, line);) file << "# " << line << '\n';
    const Experiment& experiment = regression.experiment;
    file << std::hex << "image-seed " << regression.image_seed << "\naddress " << experiment.address
         << "\ncode-segment " << experiment.test.cs << "\ncode "
         << hex_bytes(experiment.code.data(), experiment.code.size()) << "\nundefined-flags "
         << experiment.allowance.undefined_flags << "\nfaulting-flags " << experiment.allowance.faulting_flags << '\n';
    for (const Step& step : experiment.steps) {
        file << "step " << step.offset << ' ' << step.undefined_flags << ' ' << step.dead_flags << '\n';
    }
    for (unsigned i = 0; i < experiment.test.patch_count; ++i) {
        const Patch& patch = experiment.test.patches[i];
        file << "memory " << address_of(patch) << ' ' << hex_bytes(patch.bytes, patch.length) << '\n';
    }
    CpuImage state = experiment.test.initial;
    for (const StateField& field : fields_of(state)) {
        file << field.name << ' ' << hex_bytes(static_cast<const std::uint8_t*>(field.bytes), field.size) << '\n';
    }
    file.flush();
    if (!file) return Error("cannot write " + path);
    return {};
}

Result<Regression> load_regression(const std::string& path) {
    std::ifstream file(path);
    if (!file) return Error("cannot read " + path);
    Regression regression;
    unsigned number = 0;
    for (std::string text; std::getline(file, text);) {
        ++number;
        std::istringstream line(text);
        std::string name;
        if (!(line >> name) || name[0] == '#') continue;
        if (!read_line(name, line, regression)) {
            return Error(path + ":" + std::to_string(number) + ": this means nothing: " + text);
        }
    }
    Experiment& experiment = regression.experiment;
    const std::uint64_t offset = experiment.address - kCodeStart;
    if (offset >= kCodeSize || experiment.code.size() >= kCodeSize - offset)
        return Error(path + ": its code lies elsewhere");
    experiment.test.initial.rip = experiment.address;
    experiment.scenario = "regression";
    experiment.compat = experiment.test.cs == kUserCode32;
    experiment.prefixed = experiment.compat && !compat_is_native;
    return regression;
}

}  // namespace hospes::oracle
