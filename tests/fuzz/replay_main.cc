// Drives a fuzz target without libFuzzer: corpus files first, then inputs made from a seed, each one reproducible.
//
//     TARGET [--runs N] [--seed S] [--only I] [--max-length L] file...
//
// A pseudo-random input is new bytes, or a corpus file with some bytes changed. When the target crashes, the line it
// prints names the options that run that one input again.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

struct Options {
    std::uint64_t runs = 0, seed = 1, only = ~0ull, max_length = 4096;
    std::vector<std::string> files;
};

char current[256];  // what to print on a crash

void on_crash(int number) {
    if (::write(STDERR_FILENO, current, std::strlen(current)) < 0) ::_exit(1);
    ::signal(number, SIG_DFL);
    ::raise(number);
}

// SplitMix64.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }

  private:
    std::uint64_t state_;
};

Options parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        const auto number = [&] { return ++i < count ? std::strtoull(arguments[i], nullptr, 0) : 0; };
        if (argument == "--runs") {
            options.runs = number();
        } else if (argument == "--seed") {
            options.seed = number();
        } else if (argument == "--only") {
            options.only = number();
        } else if (argument == "--max-length") {
            options.max_length = number();
        } else {
            options.files.push_back(argument);
        }
    }
    return options;
}

Input read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(2);
    }
    return Input(std::istreambuf_iterator<char>(file), {});
}

Input make_input(Random random, const std::vector<Input>& corpus, std::uint64_t max_length) {
    Input input;
    if (!corpus.empty() && random.below(2) == 0) input = corpus[random.below(corpus.size())];
    if (input.empty()) {
        // Short ones more often than long ones.
        input.resize(random.below((max_length >> random.below(8)) + 1));
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random.next());
        return input;
    }
    for (std::uint64_t changes = 1 + random.below(16); changes > 0; --changes) {
        const std::size_t at = random.below(input.size());
        switch (random.below(4)) {
            case 0: input[at] = static_cast<std::uint8_t>(random.next()); break;
            case 1: input[at] ^= static_cast<std::uint8_t>(1u << random.below(8)); break;
            case 2: input[at] = random.below(2) == 0 ? 0 : 0xff; break;
            case 3: input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), input[random.below(input.size())]);
        }
    }
    return input;
}

// From the heap in its exact size, so that a sanitizer sees a read past its end.
void run(const Input& input) {
    auto* copy = static_cast<std::uint8_t*>(std::malloc(input.empty() ? 1 : input.size()));
    if (!input.empty()) std::memcpy(copy, input.data(), input.size());
    LLVMFuzzerTestOneInput(copy, input.size());
    std::free(copy);
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = parse(count, arguments);
    for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) ::signal(number, on_crash);
    std::vector<Input> corpus;
    for (const std::string& path : options.files) {
        corpus.push_back(read_file(path));
        std::snprintf(current, sizeof current, "\ncrashed on %s\n", path.c_str());
        if (options.only == ~0ull) run(corpus.back());
    }
    for (std::uint64_t i = 0; i < options.runs || i == options.only; ++i) {
        if (options.only != ~0ull) i = options.only;
        std::snprintf(current, sizeof current,
                      "\ncrashed: --seed %llu --only %llu --max-length %llu + the same files\n",
                      static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(i),
                      static_cast<unsigned long long>(options.max_length));
        run(make_input(Random(options.seed * 0x100000001b3 + i), corpus, options.max_length));
        if (options.only != ~0ull) break;
    }
    std::printf("%zu corpus files, %llu inputs from seed %llu\n", corpus.size(),
                static_cast<unsigned long long>(options.runs), static_cast<unsigned long long>(options.seed));
    return 0;
}
