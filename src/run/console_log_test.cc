#include "run/console_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "run/vmm_log.h"

namespace hospes::run {
namespace {

std::span<const char> bytes(const std::string& text) { return text; }

TEST(ConsoleLog, LastLines) {
    ConsoleLog log;
    EXPECT_EQ(log.last_lines(3), "");
    log.add(bytes("one\r\ntwo\r\n\r\nthr"));
    log.add(bytes("ee"));
    EXPECT_EQ(log.last_lines(2), "  | two\n  | three\n");
    EXPECT_EQ(log.last_lines(9), "  | one\n  | two\n  | three\n");
}

TEST(ConsoleLog, TheGuestCannotCommandTheTerminal) {
    ConsoleLog log;
    log.add(
        bytes("\x1b]0;title\x07 \x9b"
              "2J\tok\n"));
    EXPECT_EQ(log.last_lines(1), "  | ?]0;title? ?2J\tok\n");
    log.add(bytes(std::string(5000, 'x')));
    EXPECT_LT(log.last_lines(1).size(), 300u);
}

TEST(ConsoleLog, IsBounded) {
    ConsoleLog log;
    for (int i = 0; i < 1000; ++i) log.add(bytes(std::string(999, 'x') + "\n"));
    log.add(bytes("the end\n"));
    const std::string all = log.last_lines(1'000'000);
    EXPECT_LT(std::ranges::count(all, '\n'), 140);
    EXPECT_TRUE(all.ends_with("  | the end\n"));
}

TEST(ConsoleLog, LineWith) {
    ConsoleLog log;
    log.add(bytes("[ 1.0] Kernel panic - not syncing: first\r\n[ 1.1] Kernel panic: last\r\nmore\n"));
    EXPECT_EQ(log.line_with("Kernel panic"), "[ 1.1] Kernel panic: last");
    EXPECT_EQ(log.line_with("nothing"), "");
}

TEST(VmmLog, WarningsAndTheLastLine) {
    std::string warnings;
    VmmLog log([&warnings](const std::string& text) { warnings += text + "."; });
    log.add(bytes("hospes-vmm: warning: it is fu"));
    EXPECT_EQ(warnings, "");
    log.add(bytes("ll\nhospes-vmm: cannot go on; stop\nhospes-vmm: warning: again\nhalf a line"));
    EXPECT_EQ(warnings, "it is full.again.");
    EXPECT_EQ(log.last_line(), "cannot go on; stop");
}

}  // namespace
}  // namespace hospes::run
