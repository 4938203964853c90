#include "native/native_executor.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace hospes::oracle {

namespace {

constexpr int kStartTimeoutMs = 10'000;
constexpr int kBatchTimeoutMs = 30'000;
constexpr unsigned kRsp = 4;
constexpr unsigned kUndefinedOpcode = 6, kPageFault = 14;

bool is_canonical(std::uint64_t address) {
    const auto value = static_cast<std::int64_t>(address);
    return value << 16 >> 16 == value;
}

Result<UniqueFd> create_memory(const char* name, std::size_t size) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        return Error(std::string("cannot create shared memory: ") + errno_text(errno));
    }
    return fd;
}

}  // namespace

bool host_runs_compat_code() {
    bool present = false;
    std::uint32_t rights = 0;
    __asm__("lar %2, %0" : "=r"(rights), "=@ccz"(present) : "r"(std::uint32_t{kUserCode32}));
    return present;
}

Result<std::unique_ptr<NativeExecutor>> NativeExecutor::create() {
    std::unique_ptr<NativeExecutor> executor(new NativeExecutor);
    executor->shared_file_ = HOSPES_TRY(create_memory("oracle-batch", sizeof(NativeShared)));
    executor->data_file_ = HOSPES_TRY(create_memory("oracle-data", kImageSize));
    void* memory =
        ::mmap(nullptr, sizeof(NativeShared), PROT_READ | PROT_WRITE, MAP_SHARED, executor->shared_file_.get(), 0);
    if (memory == MAP_FAILED) return Error("cannot map shared memory: " + errno_text(errno));
    executor->shared_ = static_cast<NativeShared*>(memory);
    HOSPES_TRY(executor->spawn());
    HOSPES_TRY(executor->try_stack_pointers());
    return executor;
}

bool NativeExecutor::can_start(const Case& test) const {
    return starts_with_any_stack_pointer_ || is_canonical(test.initial.gpr[kRsp]);
}

bool NativeExecutor::is_spurious(const Outcome& outcome) const {
    return !starts_with_any_stack_pointer_ && outcome.vector == kUndefinedOpcode &&
           !is_canonical(outcome.final.gpr[kRsp]);
}

bool NativeExecutor::faults_on_shadow(const Outcome& other) {
#ifdef __SANITIZE_ADDRESS__
    constexpr std::uint64_t kShadow = 0x7fff'8000, kShadowEnd = 0x1000'7fff'8000;
    return other.vector == kPageFault && other.cr2 >= kShadow && other.cr2 < kShadowEnd;
#else
    static_cast<void>(other);
    return false;
#endif
}

// One case that is a breakpoint and nothing else, with such a stack pointer.
Result<void> NativeExecutor::try_stack_pointers() {
    const auto batch = std::make_unique<Batch>();
    std::memset(batch->code, kFill, sizeof batch->code);
    batch->count = 1;
    Case& test = batch->cases[0];
    test.initial.gpr[kRsp] = 1ull << 62;
    test.initial.rip = kCodeStart;
    test.initial.rflags = kInitialFlags;
    test.initial.fcw = 0x37f;
    test.initial.mxcsr = 0x1f80;
    test.cs = kUserCode64;
    Outcome outcome{};
    HOSPES_TRY(run(*batch, &outcome));
    starts_with_any_stack_pointer_ = outcome.final.rip == kCodeStart + 1;
    return {};
}

NativeExecutor::~NativeExecutor() {
    reap();
    if (shared_ != nullptr) ::munmap(shared_, sizeof(NativeShared));
}

Result<void> NativeExecutor::spawn() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return Error("cannot make a socket pair: " + errno_text(errno));
    }
    UniqueFd theirs(ends[1]);
    command_ = UniqueFd(ends[0]);
    child_ = ::fork();
    if (child_ < 0) return Error("cannot fork: " + errno_text(errno));
    if (child_ == 0) {
        ::close(ends[0]);
        run_native_child({shared_file_.get(), data_file_.get(), theirs.get()}, *shared_);
    }
    theirs = UniqueFd();
    Result<void> ready = wait_byte(kStartTimeoutMs);
    if (!ready.ok()) return std::move(ready.take_error()).in("the native child did not start");
    return {};
}

Result<void> NativeExecutor::wait_byte(int timeout_ms) {
    pollfd waiting{command_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, timeout_ms);
    const std::uint32_t at = shared_->progress.load(std::memory_order_relaxed);
    if (ready == 0) return Error("no answer in time, in case " + std::to_string(at));
    char byte = 0;
    if (ready > 0 && ::read(command_.get(), &byte, 1) == 1) return {};
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return Error("it died in case " + std::to_string(at) + ", wait status " + std::to_string(status));
}

void NativeExecutor::reap() {
    if (child_ > 0) {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    child_ = -1;
}

Result<void> NativeExecutor::start(const Batch& batch) {
    if (child_ < 0) HOSPES_TRY(spawn());
    std::memcpy(static_cast<void*>(&shared_->batch), &batch, offsetof(Batch, cases) + batch.count * sizeof(Case));
    for (std::uint32_t i = 0; i < batch.count; ++i) {
        shared_->outcomes[i] = Outcome{};
        shared_->outcomes[i].vector = kNotRun;
    }
    const char byte = 'b';
    if (::write(command_.get(), &byte, 1) != 1) return Error("the native child is gone");
    return {};
}

Result<void> NativeExecutor::finish(Outcome* outcomes) {
    Result<void> done = wait_byte(kBatchTimeoutMs);
    std::memcpy(static_cast<void*>(outcomes), shared_->outcomes, shared_->batch.count * sizeof(Outcome));
    if (done.ok()) return {};
    reap();  // the next batch gets a new child
    return std::move(done.take_error()).in("the native child failed");
}

Result<void> NativeExecutor::run(const Batch& batch, Outcome* outcomes) {
    HOSPES_TRY(start(batch));
    return finish(outcomes);
}

}  // namespace hospes::oracle
