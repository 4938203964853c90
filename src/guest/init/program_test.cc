#include "guest/init/program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace hospes::guest {
namespace {

using api::session::FailureKind;

// What a process that did not become the command ends with: far from any status of these commands.
int status_of(FailureKind kind) { return 100 + static_cast<int>(kind); }

class ProgramTest : public ::testing::Test {
  protected:
    ProgramTest() {
        char name[] = "/tmp/hospes-program-XXXXXX";
        where_ = ::mkdtemp(name);
        std::filesystem::create_directories(where_ + "/first/tool");
        file("first/plain", "no program", 0644);
        file("second/tool", "#!/bin/sh\nexit $1\n", 0755);
        file("second/plain", "#!/bin/sh\nexit 8\n", 0755);
        file("second/script", "exit $2$1\n", 0755);
        file("second/binary",
             std::string("\x7f"
                         "ELF\0",
                         5),
             0755);
        file("second/lost", "#!/no/such/shell\n", 0755);
        file("second/locked", "#!/bin/sh\n", 0644);
    }
    ~ProgramTest() override { std::filesystem::remove_all(where_); }

    void file(const std::string& name, const std::string& content, mode_t mode) {
        const std::string path = where_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << content;
        ::chmod(path.c_str(), mode);
    }
    // The exit status of the command in a process of its own.
    int run(const std::vector<std::string>& words, const std::string& path) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(status_of(become(words, {"A=1", "PATH=" + path}).kind));
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int run(const std::vector<std::string>& words) { return run(words, where_ + "/first:" + where_ + "/second"); }

    std::string where_;
};

TEST_F(ProgramTest, FoundInPath) {
    EXPECT_EQ(run({"tool", "7"}), 7) << "a folder of that name is no program";
    EXPECT_EQ(run({"plain"}), 8) << "a later program, as against an earlier file that is none";
    EXPECT_EQ(run({where_ + "/second/tool", "9"}, ""), 9);
}

TEST_F(ProgramTest, ScriptWithoutInterpreter) { EXPECT_EQ(run({"script", "1", "2"}), 21); }

TEST_F(ProgramTest, NotFound) {
    const int not_found = status_of(FailureKind::NotFound);
    EXPECT_EQ(run({"none"}), not_found);
    EXPECT_EQ(run({""}), not_found);
    EXPECT_EQ(run({"tool"}, where_), not_found);
    EXPECT_EQ(run({where_ + "/none"}), not_found);
    EXPECT_EQ(run({where_ + "/first/plain/below"}), not_found);
}

TEST_F(ProgramTest, NotExecutable) {
    const int not_executable = status_of(FailureKind::NotExecutable);
    for (const char* name : {"binary", "lost", "locked"}) EXPECT_EQ(run({name}), not_executable) << name;
    EXPECT_EQ(run({where_ + "/first/tool"}), not_executable) << "a folder";
    EXPECT_EQ(run({where_ + "/first/plain"}), not_executable);
}

}  // namespace
}  // namespace hospes::guest
