#include "image/build/debian_files.h"

#include <utility>

#include "image/build/archive.h"
#include "image/files.h"

namespace hospes::image {

namespace {

// Always Debian's own servers, whatever mirror the image is built from.
std::string sources_list(std::string_view suite) {
    std::string text;
    for (const std::string& line : sources_of(suite, signed_by(), "http://deb.debian.org/debian")) text += line + "\n";
    return text;
}

}  // namespace

Result<std::vector<std::string>> write_debian_files(std::string_view suite, const std::string& folder) {
    const std::pair<std::string, std::string> files[] = {
        {"/etc/apt/sources.list", sources_list(suite)},
        {"/etc/default/locale", "LANG=C.UTF-8\n"},
        {"/etc/hostname", "debian\n"},
        {"/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"},
        {"/etc/resolv.conf", ""},
    };
    HOSPES_TRY(make_folder(folder + "/etc/apt"));
    HOSPES_TRY(make_folder(folder + "/etc/default"));
    std::vector<std::string> places;
    for (const auto& [place, content] : files) {
        HOSPES_TRY(write_new(folder + place, content));
        places.push_back(place);
    }
    return places;
}

}  // namespace hospes::image
