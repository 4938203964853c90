#include "image/build/worker.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "image/test_store.h"
#include "tool/run.h"

namespace hospes::image {
namespace {

using namespace std::chrono_literals;

struct Heard final : Progress {
    void step(unsigned number, unsigned count, std::string_view what) override {
        text += std::to_string(number) + "/" + std::to_string(count) + " " + std::string(what) + "\n";
    }
    void percent(unsigned done) override { text += std::to_string(done) + " %\n"; }
    void note(std::string_view line) override { text += std::string(line) + "\n"; }
    std::string text;
};

class Worker : public TestStore {
  protected:
    using Build = std::function<Result<void>(Progress&)>;

    Result<void> run_build(Progress& progress, const Build& build) {
        return run_in_worker(make_work_folder(layout_).take(), progress, build, [this] { note_clean_up(); });
    }
    // In a file, since it happens in another process.
    void note_clean_up() { (void)write_new(layout_.folder + "/cleaned", ""); }
    bool cleaned_up() { return std::filesystem::remove(layout_.folder + "/cleaned"); }

    // A tool that has left its process group and session, and says who it is.
    Result<void> stay(const std::string& folder) {
        return tool::run(
            {{"setsid", "sh", "-c", "echo $$ >" + folder + "/../pid; touch " + folder + "/mess; sleep 1000"}});
    }

    pid_t pid_of_tool() {
        for (int tries = 0; tries < 1000; ++tries) {
            pid_t pid = 0;
            if (std::ifstream(layout_.work() + "/pid") >> pid) return pid;
            std::this_thread::sleep_for(10ms);
        }
        return 0;
    }

    // A process that builds for ever.
    pid_t start_endless_build() {
        const pid_t caller = ::fork();
        if (caller != 0) return caller;
        Heard heard;
        WorkFolder work = make_work_folder(layout_).take();
        const std::string path = work.path;
        auto result = run_in_worker(
            std::move(work), heard, [&](Progress&) { return stay(path); }, [this] { note_clean_up(); });
        ::_exit(result.ok() ? 0 : 1);
    }

    void expect_nothing_left(pid_t tool) {
        std::filesystem::remove(layout_.work() + "/pid");
        for (int tries = 0; tries < 1000; ++tries) {
            const bool cleaned = std::filesystem::exists(layout_.folder + "/cleaned");
            if (::kill(tool, 0) != 0 && names_in(layout_.work())->empty() && cleaned) return;
            std::this_thread::sleep_for(10ms);
        }
        FAIL() << "left: process " << tool << " or " << names_in(layout_.work())->size() << " files";
    }
};

TEST_F(Worker, ResultAndProgressArrive) {
    Heard heard;
    const auto result = run_build(heard, [](Progress& progress) -> Result<void> {
        progress.step(1, 2, "first");
        progress.percent(50);
        progress.percent(50);
        progress.note("look");
        return {};
    });
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(heard.text, "1/2 first\n50 %\nlook\n");
    EXPECT_TRUE(cleaned_up());
    EXPECT_TRUE(names_in(layout_.work())->empty());
}

TEST_F(Worker, ErrorArrives) {
    Heard heard;
    const auto result = run_build(heard, [](Progress&) -> Result<void> { return Error("no: because; do this"); });
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message(), "no: because; do this");
}

TEST_F(Worker, KilledBuilderIsAnError) {
    Heard heard;
    const auto result = run_build(heard, [](Progress&) -> Result<void> {
        ::raise(SIGKILL);
        return {};
    });
    EXPECT_FALSE(result.ok());
    EXPECT_TRUE(names_in(layout_.work())->empty());
}

TEST_F(Worker, NothingIsLeftOfAKilledCaller) {
    for (const int number : {SIGKILL, SIGINT, SIGTERM, SIGHUP}) {
        const pid_t caller = start_endless_build();
        const pid_t tool = pid_of_tool();
        ASSERT_GT(tool, 0);
        ::kill(caller, number);
        int status = 0;
        ASSERT_EQ(::waitpid(caller, &status, 0), caller);
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == number) << status;
        expect_nothing_left(tool);
        EXPECT_TRUE(cleaned_up());
    }
}

TEST_F(Worker, AnIgnoredSignalChangesNothing) {
    ::signal(SIGHUP, SIG_IGN);
    Heard heard;
    const auto result = run_build(heard, [caller = ::getpid()](Progress&) -> Result<void> {
        ::kill(caller, SIGHUP);
        std::this_thread::sleep_for(50ms);
        return {};
    });
    ::signal(SIGHUP, SIG_DFL);
    EXPECT_TRUE(result.ok());
}

}  // namespace
}  // namespace hospes::image
