// codegen_golden [--update] FILE: whether the translator still makes the code that FILE says. See README.md.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "code_of.h"

namespace {

using namespace hospes::codegen;
using Lines = std::vector<std::string>;

bool starts_with(const std::string& line, const char* prefix) { return line.rfind(prefix, 0) == 0; }

Lines read_lines(const char* path) {
    std::ifstream file(path);
    Lines lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

// The bytes of a line "guest 48 8b 10 | ...".
void append_bytes(const std::string& line, std::vector<std::uint8_t>& bytes) {
    std::istringstream text(line.substr(std::strlen("guest"), line.find('|') - std::strlen("guest")));
    for (unsigned byte; text >> std::hex >> byte;) bytes.push_back(static_cast<std::uint8_t>(byte));
}

std::string guest_line(const std::uint8_t* bytes, std::size_t length, const std::string& text) {
    std::string line = "guest";
    for (std::size_t i = 0; i < length; ++i) {
        char hex[4];
        std::snprintf(hex, sizeof hex, " %02x", bytes[i]);
        line += hex;
    }
    return line + " | " + text;
}

// One piece of guest code as the file should have it. `guest` are its lines in the file.
Lines describe(const Lines& guest, bool code64) {
    std::vector<std::uint8_t> all;
    Lines lines;
    for (const std::string& line : guest) {
        std::vector<std::uint8_t> bytes;
        append_bytes(line, bytes);
        const Lines text = disassemble(bytes, code64);
        lines.push_back(guest_line(bytes.data(), bytes.size(), text.size() == 1 ? text[0] : "(not one instruction)"));
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    const Code code(all, static_cast<unsigned>(guest.size()), code64);
    if (code.guest_length() < all.size()) lines.push_back("(the block ends before the code does)");
    const Lines host = code.host_lines();
    lines.push_back("host " + std::to_string(host.size()));
    for (const std::string& line : host) lines.push_back("    " + line);
    return lines;
}

// The whole file as it should be. Comments and empty lines stay.
Lines make_again(const Lines& old, unsigned& pieces) {
    Lines lines;
    bool code64 = true;
    for (std::size_t i = 0; i < old.size();) {
        if (old[i] == "bits 32") code64 = false;
        if (!starts_with(old[i], "guest ")) {
            const bool made = starts_with(old[i], "host ") || starts_with(old[i], "    ") || starts_with(old[i], "(");
            if (!made) lines.push_back(old[i]);
            ++i;
            continue;
        }
        Lines guest;
        while (i < old.size() && starts_with(old[i], "guest ")) guest.push_back(old[i++]);
        for (std::string& line : describe(guest, code64)) lines.push_back(std::move(line));
        ++pieces;
    }
    return lines;
}

// Where they differ first, with what stands around it.
void show_difference(const Lines& old, const Lines& now) {
    std::size_t i = 0;
    while (i < old.size() && i < now.size() && old[i] == now[i]) ++i;
    for (std::size_t from = i < 8 ? 0 : i - 8; from < i; ++from) std::printf("  %s\n", old[from].c_str());
    for (std::size_t k = i; k < i + 6 && k < old.size(); ++k) std::printf("- %s\n", old[k].c_str());
    for (std::size_t k = i; k < i + 6 && k < now.size(); ++k) std::printf("+ %s\n", now[k].c_str());
}

int run(const char* path, bool update) {
    const Lines old = read_lines(path);
    unsigned pieces = 0;
    const Lines now = make_again(old, pieces);
    if (pieces == 0) return std::fprintf(stderr, "codegen: %s: no line begins with 'guest'\n", path), 2;
    std::printf("%s: %u pieces of guest code, %s\n", path, pieces, old == now ? "as expected" : "changed");
    if (old == now) return 0;
    if (!update) return show_difference(old, now), 1;
    std::ofstream file(path);
    for (const std::string& line : now) file << line << '\n';
    return file.good() ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
    const bool update = argc == 3 && std::strcmp(argv[1], "--update") == 0;
    if (argc != 2 && !update) return std::fprintf(stderr, "usage: codegen_golden [--update] FILE\n"), 2;
    return run(argv[argc - 1], update);
}
