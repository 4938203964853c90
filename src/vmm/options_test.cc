#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/translator/optimisations.h"
#include "vmm/option_values.h"

namespace hospes::vmm {
namespace {

Result<CommandLine> parse(std::vector<const char*> words) {
    words.insert(words.begin(), {"hospes-vmm", "--kernel", "vmlinuz"});
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(CommandLine, Defaults) {
    auto parsed = parse({});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    const Options& options = parsed->options;
    EXPECT_EQ(options.machine.kernel, "vmlinuz");
    EXPECT_EQ(options.machine.memory_bytes, 256u << 20);
    EXPECT_EQ(options.machine.cpu_model, "");
    EXPECT_EQ(options.machine.engine.block_limit, 48u);
    EXPECT_EQ(options.machine.engine.code_cache_bytes, 128u << 20);
    EXPECT_TRUE(options.machine.engine.link);
    EXPECT_TRUE(options.reboot);
    EXPECT_TRUE(options.sandbox);
    EXPECT_FALSE(options.machine.debug_exit);
}

TEST(CommandLine, Sandbox) {
    EXPECT_FALSE(parse({"--sandbox", "off"})->options.sandbox);
    EXPECT_TRUE(parse({"--sandbox", "on"})->options.sandbox);
    const auto wrong = parse({"--sandbox", "no"});
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().message(), "cannot use --sandbox \"no\": neither on nor off; give one of them");
}

TEST(CommandLine, Debugger) {
    EXPECT_EQ(parse({})->options.gdb, "");
    EXPECT_EQ(parse({"--gdb", "1234"})->options.gdb, "1234");
    EXPECT_EQ(parse({"--gdb", "1234"})->options.engine, EngineWish::Translator);
    EXPECT_TRUE(parse({"--gdb", "unix:/tmp/socket"}).ok());
    const std::string too_long = "unix:" + std::string(108, 'a');
    for (const std::string& wrong :
         {std::string("0"), std::string("65536"), std::string("localhost:1"), std::string("unix:"), too_long}) {
        EXPECT_FALSE(parse({"--gdb", wrong.c_str()}).ok()) << wrong;
    }
}

TEST(CommandLine, Engines) {
    const std::pair<const char*, EngineWish> engines[] = {
        {"auto", EngineWish::Auto}, {"kvm", EngineWish::Kvm}, {"translator", EngineWish::Translator}};
    for (const auto& [name, wish] : engines) {
        auto parsed = parse({"--engine", name});
        ASSERT_TRUE(parsed.ok()) << name;
        EXPECT_EQ(parsed->options.engine, wish) << name;
    }
}

TEST(CommandLine, OptionsOfTheTranslatorMeanTheTranslator) {
    auto parsed = parse({"--trace", "blocks"});
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->options.engine, EngineWish::Translator);
    EXPECT_FALSE(parse({"--engine", "kvm", "--no-link"}).ok());
    EXPECT_FALSE(parse({"--engine", "kvm", "--without", "loops"}).ok());
    EXPECT_EQ(parse({"--engine", "kvm", "--gdb", "1234"})->options.engine, EngineWish::Kvm);
}

TEST(CommandLine, EveryOption) {
    auto parsed = parse({"--engine",
                         "translator",
                         "--initrd",
                         "i",
                         "--disk",
                         "a",
                         "--disk",
                         "[b],readonly=on",
                         "--cmdline",
                         "--x [y] z",
                         "--memory",
                         "64",
                         "--cpus",
                         "64",
                         "--cpu-model",
                         "host",
                         "--no-reboot",
                         "--debug-exit",
                         "--block-limit",
                         "1",
                         "--no-link",
                         "--without",
                         "loops,revival",
                         "--code-cache",
                         "16",
                         "--trace",
                         "blocks,faults",
                         "--counters",
                         "--perf-map"});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    const Options& options = parsed->options;
    EXPECT_EQ(options.machine.initrd, "i");
    ASSERT_EQ(options.disks.size(), 2u);
    EXPECT_EQ(options.disks[0].path, "a");
    EXPECT_FALSE(options.disks[0].read_only);
    EXPECT_EQ(options.disks[1].path, "[b]");
    EXPECT_TRUE(options.disks[1].read_only);
    EXPECT_EQ(options.machine.command_line, "--x [y] z");
    EXPECT_EQ(options.machine.memory_bytes, 64u << 20);
    EXPECT_EQ(options.machine.cpus, 64u);
    EXPECT_EQ(options.machine.cpu_model, "host");
    EXPECT_TRUE(options.machine.debug_exit);
    EXPECT_FALSE(options.reboot);
    EXPECT_EQ(options.machine.engine.block_limit, 1u);
    EXPECT_FALSE(options.machine.engine.link);
    EXPECT_EQ(options.machine.engine.without, translator::kLoops | translator::kRevival);
    EXPECT_EQ(options.machine.engine.code_cache_bytes, 16u << 20);
    EXPECT_EQ(options.machine.engine.trace, translator::kTraceBlocks | translator::kTraceFaults);
    EXPECT_TRUE(options.machine.engine.perf_map);
    EXPECT_TRUE(options.counters);
}

TEST(CommandLine, PortsOnSockets) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const std::string one = "a.b-c_1=" + std::to_string(ends[0]), two = "two=" + std::to_string(ends[1]);
    auto parsed = parse({"--port", one.c_str(), "--port", two.c_str()});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    ASSERT_EQ(parsed->options.ports.size(), 2u);
    EXPECT_EQ(parsed->options.ports[0].name, "a.b-c_1");
    EXPECT_EQ(parsed->options.ports[1].socket, ends[1]);
    const std::string same_name = "two=" + std::to_string(ends[0]), same_socket = "2=" + std::to_string(ends[1]);
    EXPECT_FALSE(parse({"--port", two.c_str(), "--port", same_name.c_str()}).ok());
    EXPECT_FALSE(parse({"--port", two.c_str(), "--port", same_socket.c_str()}).ok());
    ::close(ends[0]);
    EXPECT_FALSE(parse({"--port", one.c_str()}).ok()) << "not open";
    ::close(ends[1]);
}

TEST(CommandLine, EmptyTextIsAValue) {
    auto parsed = parse({"--cmdline", ""});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    EXPECT_EQ(parsed->options.machine.command_line, "");
    parsed = parse({"--cmdline", "", "--no-reboot"});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    EXPECT_FALSE(parsed->options.reboot);
}

TEST(CommandLine, HelpAndVersionAreAnswers) {
    EXPECT_TRUE(parse({"--help"})->answer.value_or("").find("--kernel") != std::string::npos);
    EXPECT_TRUE(parse({"--version"})->answer.value_or("").starts_with("hospes-vmm "));
}

TEST(CommandLine, ErrorsNameTheOptionAndAdvise) {
    const std::vector<std::vector<const char*>> wrong = {{"--turbo"},
                                                         {"--memory"},
                                                         {"--memory", "-5"},
                                                         {"--memory", "0"},
                                                         {"--memory", "1073741824"},
                                                         {"--memory", "64G"},
                                                         {"--memory", "1", "--memory", "2"},
                                                         {"--cpus", "0"},
                                                         {"--cpus", "65"},
                                                         {"--cpus", ""},
                                                         {"--engine", "magic"},
                                                         {"--disk", ""},
                                                         {"--disk", "a,b"},
                                                         {"--disk", "a,readonly=maybe"},
                                                         {"--port", ""},
                                                         {"--port", "agent"},
                                                         {"--port", "agent=3x"},
                                                         {"--port", "agent=2"},
                                                         {"--port", "a/b=3"},
                                                         {"--port", "=3"},
                                                         {"--port", "agent=1000000"},
                                                         {"--trace", "all"},
                                                         {"--block-limit", "0"},
                                                         {"--without", "everything"},
                                                         {"--block-limit", "49"},
                                                         {"--code-cache", "3"},
                                                         {"--code-cache", "18446744073709551616"}};
    for (const auto& words : wrong) {
        auto parsed = parse(words);
        ASSERT_FALSE(parsed.ok()) << words[0];
        EXPECT_NE(parsed.error().message().find(words[0]), std::string::npos) << parsed.error().message();
        EXPECT_NE(parsed.error().message().find("; "), std::string::npos) << parsed.error().message();
        EXPECT_EQ(parsed.error().message().find('\n'), std::string::npos);
    }
}

}  // namespace
}  // namespace hospes::vmm
