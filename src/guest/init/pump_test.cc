#include "guest/init/pump.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>

namespace hospes::guest {
namespace {

class PumpTest : public ::testing::Test {
  protected:
    PumpTest() {
        ::signal(SIGPIPE, SIG_IGN);
        make(source_, from_);
        make(to_, sink_);
    }
    void pump(Pump::Rest rest, const char* last = "") { pump_.emplace(std::move(from_), std::move(to_), rest, last); }
    void write(const std::string& text) { EXPECT_EQ(::write(source_.get(), text.data(), text.size()), text.size()); }
    std::string read() {
        std::string text(1 << 20, 0);
        const ssize_t count = ::read(sink_.get(), text.data(), text.size());
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
    }
    // Turns until there is nothing to do.
    void turn() {
        pollfd entries[2];
        do {
            pump_->wait_for(entries);
            if (::poll(entries, 2, 0) > 0) pump_->run(entries);
        } while (entries[0].revents != 0 || entries[1].revents != 0);
    }
    // Whether nobody reads what is written to the source any more.
    bool source_is_refused() {
        pollfd entry{.fd = source_.get(), .events = 0, .revents = 0};
        return ::poll(&entry, 1, 0) > 0;
    }

    UniqueFd source_, from_, to_, sink_;
    std::optional<Pump> pump_;

  private:
    // A pipe as (write end, read end).
    static void make(UniqueFd& write_end, UniqueFd& read_end) {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        read_end = UniqueFd(ends[0]);
        write_end = UniqueFd(ends[1]);
    }
};

TEST_F(PumpTest, CarriesToTheEnd) {
    pump(Pump::Rest::Refuse);
    write("abc");
    turn();
    EXPECT_EQ(read(), "abc");
    write("def");
    source_ = UniqueFd();
    turn();
    EXPECT_TRUE(pump_->finished());
    EXPECT_EQ(read(), "def");
    EXPECT_EQ(::read(sink_.get(), nullptr, 0), 0);
}

TEST_F(PumpTest, WaitsForASlowReader) {
    pump(Pump::Rest::Refuse);
    std::string sent, got;
    for (int i = 0; i < 40; ++i) {
        const std::string text(16 << 10, static_cast<char>('a' + i % 26));
        const ssize_t count = ::write(source_.get(), text.data(), text.size());
        if (count > 0) sent.append(text, 0, static_cast<std::size_t>(count));
        turn();
        if (i % 8 == 7) got += read();
    }
    source_ = UniqueFd();
    for (int i = 0; i < 100 && !pump_->finished(); ++i) {
        turn();
        got += read();
    }
    got += read();
    EXPECT_TRUE(pump_->finished());
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size();
}

TEST_F(PumpTest, DropsWhatNobodyReads) {
    pump(Pump::Rest::Drop);
    sink_ = UniqueFd();
    turn();
    for (int i = 0; i < 100; ++i) {
        write(std::string(32 << 10, 'x'));
        turn();
    }
    EXPECT_FALSE(pump_->finished());
    source_ = UniqueFd();
    turn();
    EXPECT_TRUE(pump_->finished());
}

TEST_F(PumpTest, RefusesWhatNobodyReads) {
    pump(Pump::Rest::Refuse);
    EXPECT_FALSE(source_is_refused());
    sink_ = UniqueFd();
    turn();
    EXPECT_TRUE(source_is_refused());
    EXPECT_TRUE(pump_->finished());
}

TEST_F(PumpTest, LastBytes) {
    pump(Pump::Rest::Drop, "\4");
    write("abc");
    source_ = UniqueFd();
    turn();
    EXPECT_EQ(read(), "abc\4");
    EXPECT_TRUE(pump_->finished());
}

}  // namespace
}  // namespace hospes::guest
