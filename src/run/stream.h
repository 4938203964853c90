// One of the command's streams, carried between a descriptor of the user's and a socket by a thread of its own.
//
// The user's descriptors are shared with other processes, so they stay in blocking mode: a thread that waits in one of
// them holds up nothing else. Threads are never waited for. One that cannot end, because it waits in a descriptor where
// nothing happens, ends with the process; it holds what it needs by itself.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

class Stream {
  public:
    // Sends what `from` gives into `socket`, and its end as a half-close.
    static Result<Stream> input(int from, UniqueFd socket);
    // Writes what comes from `socket` to `to`. When that cannot be written to any more, the socket is closed, which the
    // command is told as a pipe without a reader.
    static Result<Stream> output(UniqueFd socket, int to);

    Stream(Stream&&) = default;
    Stream& operator=(Stream&&) = delete;
    // Ends it if it can be ended.
    ~Stream();

    // Readable from when nothing more will be carried.
    int finished() const { return shared_->finished.get(); }
    // The error of the user's descriptor that ended it, or 0.
    int failure() const { return shared_->failure; }

  private:
    struct Shared {
        UniqueFd socket;
        UniqueFd finished;  // an eventfd
        int user = -1;
        std::atomic<int> failure{0};

        void carry_input();
        void carry_output();
        bool send_all(const char* bytes, std::size_t count) const;
        bool write_all(const char* bytes, std::size_t count) const;
        bool wait_for_input() const;
    };

    explicit Stream(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    static Result<Stream> start(int user, UniqueFd socket, void (Shared::*carry)());

    std::shared_ptr<Shared> shared_;
};

}  // namespace hospes::run
