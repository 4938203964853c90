#include "run/verification.h"

#include <sys/eventfd.h>

#include <cerrno>

#include "image/store.h"

namespace hospes::run {

namespace {

Result<void> check(const image::Image& image) {
    HOSPES_TRY(image::Store::verify(image.modules));
    return image::Store::verify(image.base);
}

}  // namespace

Result<std::unique_ptr<Verification>> Verification::start(const image::Image& image) {
    UniqueFd finished(::eventfd(0, EFD_CLOEXEC));
    if (!finished.valid()) return Error("cannot make an eventfd: " + errno_text(errno));
    std::unique_ptr<Verification> verification(new Verification(std::move(finished)));
    verification->thread_ = std::thread([raw = verification.get(), &image] {
        raw->result_ = check(image);
        ::eventfd_write(raw->finished_.get(), 1);
    });
    return verification;
}

Result<void> Verification::take_result() {
    thread_.join();
    return std::move(result_);
}

}  // namespace hospes::run
