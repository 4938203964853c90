// Checks on a thread of its own that the image's two large files are what was built, while the guest boots.
#pragma once

#include <memory>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"

namespace hospes::run {

class Verification {
  public:
    // `image` must outlive it.
    static Result<std::unique_ptr<Verification>> start(const image::Image& image);
    // Waits for the thread, which reads at the speed of the disk.
    ~Verification() {
        if (thread_.joinable()) thread_.join();
    }
    Verification(const Verification&) = delete;
    Verification& operator=(const Verification&) = delete;

    // Readable from when the result is there.
    int finished() const { return finished_.get(); }
    // The result, waited for if it is not there. Once.
    Result<void> take_result();

  private:
    explicit Verification(UniqueFd finished) : finished_(std::move(finished)) {}

    UniqueFd finished_;  // an eventfd
    Result<void> result_;
    std::thread thread_;
};

}  // namespace hospes::run
