// The only file with exceptions: CLI11 reports with them. None leaves it.
#include "vmm/options.h"

#include <CLI/CLI.hpp>

#include "vmm/option_values.h"
#include "vmm/stream_ports.h"

namespace hospes::vmm {

namespace {

constexpr char kFooter[] = R"(
The guest's serial port is standard input and output. On a terminal every key goes to the guest; Ctrl-] ends the VM.

Exit status: 0 the guest powered off; 3 it reset (with --no-reboot); 4 triple fault; (v << 1) | 1 it wrote v to the
debug-exit port (with --debug-exit); 125 it never ran, or the engine failed. A signal that ends the VM ends the process.)";

// Every value as its text, so that what is wrong with it is said here and not by CLI11.
struct Texts {
    std::string engine = "auto", kernel, initrd, command_line, memory = "256", cpus = "1", cpu_model, trace, without;
    std::string block_limit = "48", code_cache = "128", sandbox = "on", gdb, translations, save_translations;
    std::vector<std::string> disks, ports;
    bool no_reboot = false, debug_exit = false, no_link = false, counters = false, perf_map = false;
};

void declare(CLI::App& app, Texts& texts) {
    const auto value = [&](const char* name, std::string& to, const char* type, const std::string& help) {
        app.add_option(name, to, help)->type_name(type);
    };
    value("--engine", texts.engine, "NAME", "CPU engine: kvm, translator, or auto (the default: kvm where it works)");
    value("--kernel", texts.kernel, "FILE", "Linux bzImage, ELF with a PVH note, or Multiboot 1");
    value("--initrd", texts.initrd, "FILE", "initial RAM disk");
    value("--cmdline", texts.command_line, "TEXT", "the kernel's command line");
    app.add_option("--disk", texts.disks, "raw image as virtio-blk; again for the next disk")
        ->type_name("FILE[,readonly=on|off]")
        ->allow_extra_args(false);
    app.add_option("--port", texts.ports,
                   "virtio-console port on FD, an inherited, connected stream socket (15 at most); in the guest it is "
                   "/dev/virtio-ports/NAME. The end of what the socket gives closes the port on the host's side")
        ->type_name("NAME=FD")
        ->allow_extra_args(false);
    value("--memory", texts.memory, "MIB", "size of memory; 256 if not given");
    value("--cpus", texts.cpus, "N", "number of CPUs, 1 to 64; 1 if not given");
    value("--cpu-model", texts.cpu_model, "NAME",
          "what CPUID says: host (the default: all that this host's CPU has), x86-64-v4, x86-64-v3 or x86-64-v2 "
          "(the same everywhere)");
    app.add_flag("--no-reboot", texts.no_reboot, "end at a reset instead of starting again");
    value("--sandbox", texts.sandbox, "on|off",
          "keep this process from all that a VM does not need; off is for debuggers, and for guests that you trust");
    app.add_flag("--debug-exit", texts.debug_exit, "let the guest end the process through port 0xf4");
    value("--gdb", texts.gdb, "PORT|unix:PATH",
          "wait for GDB on 127.0.0.1:PORT or on a socket before the first instruction; the translator, unless --engine "
          "says kvm");
    value("--trace", texts.trace, "WHAT,...", "show on standard error what the engine does: blocks, exits, faults");
    app.add_flag("--counters", texts.counters, "show the engine's counters at the end");
    value("--block-limit", texts.block_limit, "N", "translate at most N instructions at a time, 1 to 48");
    app.add_flag("--no-link", texts.no_link, "do not link translated blocks");
    value("--without", texts.without, "WHAT,...",
          "leave out something that makes translated code fast: " + without_names());
    value("--code-cache", texts.code_cache, "MIB", "bound on translated code; 128 if not given");
    value(
        "--translations", texts.translations, "FILE",
        "take from FILE what an earlier run with --save-translations has translated; FILE holds code that this process "
        "runs, so use your own alone. KVM needs none");
    value("--save-translations", texts.save_translations, "FILE",
          "write to FILE, made anew, at the end what was translated; for guests that you trust as you trust this "
          "program");
    app.add_flag("--perf-map", texts.perf_map, "write /tmp/perf-PID.map for profilers");
}

// Options that only the translator has choose it.
Result<EngineWish> interpret_engine(const Texts& texts) {
    const Texts defaults;
    const EngineWish wish = HOSPES_TRY(parse_engine(texts.engine));
    const bool saves = !texts.save_translations.empty();
    const bool tuned = saves || texts.no_link || texts.perf_map || !texts.trace.empty() || !texts.without.empty() ||
                       texts.block_limit != defaults.block_limit || texts.code_cache != defaults.code_cache;
    if (tuned && wish == EngineWish::Kvm) {
        return Error(
            "cannot use --engine kvm: --trace, --block-limit, --no-link, --without, --code-cache, --save-translations "
            "and --perf-map are the translator's; leave them out");
    }
    // Of the engines that can be debugged, the one that has all breakpoints, unless it is asked otherwise.
    const bool debugged = !texts.gdb.empty() && wish == EngineWish::Auto;
    return tuned || debugged ? EngineWish::Translator : wish;
}

Result<Options> interpret(const Texts& texts) {
    Options options;
    options.engine = HOSPES_TRY(interpret_engine(texts));
    machine::MachineSetup& machine = options.machine;
    machine.cpus = static_cast<unsigned>(HOSPES_TRY(parse_number("--cpus", texts.cpus, 1, machine::kMostCpus)));
    machine.memory_bytes = HOSPES_TRY(parse_memory(texts.memory));
    machine.cpu_model = texts.cpu_model;
    machine.kernel = texts.kernel;
    machine.initrd = texts.initrd;
    machine.command_line = texts.command_line;
    machine.debug_exit = texts.debug_exit;
    machine.engine.code_cache_bytes = HOSPES_TRY(parse_code_cache(texts.code_cache));
    machine.engine.block_limit =
        static_cast<unsigned>(HOSPES_TRY(parse_number("--block-limit", texts.block_limit, 1, 48)));
    machine.engine.link = !texts.no_link;
    machine.engine.perf_map = texts.perf_map;
    machine.engine.translations = texts.translations;
    machine.engine.save_translations = texts.save_translations;
    if (!texts.without.empty()) machine.engine.without = HOSPES_TRY(parse_without(texts.without));
    if (!texts.trace.empty()) machine.engine.trace = HOSPES_TRY(parse_trace(texts.trace));
    for (const std::string& disk : texts.disks) options.disks.push_back(HOSPES_TRY(parse_disk(disk)));
    options.ports = HOSPES_TRY(parse_ports(texts.ports));
    options.reboot = !texts.no_reboot;
    options.counters = texts.counters;
    if (!texts.gdb.empty()) options.gdb = HOSPES_TRY(parse_gdb(texts.gdb));
    options.sandbox = HOSPES_TRY(parse_switch("--sandbox", texts.sandbox));
    if (machine.kernel.empty()) return Error("nothing to run: --kernel is missing; give it a kernel's file");
    return options;
}

}  // namespace

Result<CommandLine> parse_command_line(int count, const char* const* words) {
    CLI::App app("Runs one virtual machine on x86-64 Linux, with or without /dev/kvm, without root.", "hospes-vmm");
    Texts texts;
    declare(app, texts);
    app.set_version_flag("--version", "hospes-vmm " HOSPES_VERSION);
    app.footer(kFooter);
    app.allow_extras();
    CommandLine result;
    try {
        app.parse(count, words);
    } catch (const CLI::CallForHelp&) {
        result.answer = app.help();
        return result;
    } catch (const CLI::CallForVersion& version) {
        result.answer = std::string(version.what()) + "\n";
        return result;
    } catch (const CLI::Error& error) {
        return Error(std::string("cannot read the options: ") + error.what() + "; see hospes-vmm --help");
    }
    if (const auto extras = app.remaining(); !extras.empty()) {
        return Error("cannot use \"" + extras[0] + "\": there is no such option; see hospes-vmm --help");
    }
    result.options = HOSPES_TRY(interpret(texts));
    return result;
}

}  // namespace hospes::vmm
