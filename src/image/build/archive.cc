#include "image/build/archive.h"

#include <charconv>
#include <sstream>

#include "image/entry.h"
#include "image/files.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

// The host's settings of how to reach http servers, as lines of apt.conf.
Result<std::string> proxy_settings() {
    std::istringstream dump(HOSPES_TRY(tool::capture({{"apt-config", "dump"}})));
    std::string settings;
    for (std::string line; std::getline(dump, line);) {
        if (line.starts_with("Acquire::http")) settings += line + "\n";
    }
    return settings;
}

std::string config_text(const std::string& folder, const std::string& settings) {
    return settings + "Dir \"" + folder + "/\";\nDir::State \"state\";\nDir::State::status \"" + folder +
           "/status\";\nDir::Cache \"cache\";\nDir::Etc \"etc\";\n" +
           "APT::Architecture \"amd64\";\nAPT::Architectures { \"amd64\"; };\nAPT::Install-Recommends \"false\";\n"
           "APT::Sandbox::User \"\";\nAcquire::Languages \"none\";\nAcquire::Retries \"3\";\n";
}

std::string lines(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& line : all) text += line + "\n";
    return text;
}

// "dlstatus:1:45.2:Retrieving file": how far a download is.
void take_status(std::string_view line, Progress& progress) {
    if (!line.starts_with("dlstatus:")) return;
    const std::size_t colon = line.find(':', sizeof "dlstatus:" - 1);
    if (colon == std::string_view::npos) return;
    unsigned percent = 0;
    std::from_chars(line.data() + colon + 1, line.data() + line.size(), percent);
    progress.percent(percent);
}

Error no_network(const Error& error, const std::string& what) {
    return Error("cannot " + what + " from " + mirror() + ": " + error.message() +
                 "; building needs Debian's archive: check the network, or let HOSPES_DEBIAN_MIRROR name a mirror");
}

}  // namespace

std::string mirror() {
    const char* named = ::getenv("HOSPES_DEBIAN_MIRROR");
    std::string url = named && *named ? named : "http://deb.debian.org/debian";
    while (url.ends_with('/')) url.pop_back();
    return url;
}

std::vector<std::string> sources_of(std::string_view suite, std::string_view options, const std::string& from) {
    const std::string release(suite);
    const std::string start = "deb " + std::string(options) + (options.empty() ? "" : " ") + from;
    return {start + " " + release + " main", start + " " + release + "-updates main",
            start + "-security " + release + "-security main"};
}

std::string signed_by() { return std::string("[signed-by=") + kKeyring + "]"; }

Result<Archive> Archive::open(const std::string& suite, const std::string& folder, Progress& progress) {
    if (::access(kKeyring, R_OK) != 0) {
        return Error(std::string(kKeyring) +
                     " is missing, by which Debian's archive is verified; install it with: "
                     "apt-get install debian-archive-keyring");
    }
    for (const char* part : {"/state/lists/partial", "/cache/archives/partial", "/etc/apt.conf.d", "/etc/preferences.d",
                             "/etc/sources.list.d", "/etc/auth.conf.d", "/etc/trusted.gpg.d"}) {
        HOSPES_TRY(make_folder(folder + part));
    }
    const std::string config = folder + "/apt.conf";
    HOSPES_TRY(write_new(folder + "/status", ""));
    HOSPES_TRY(write_new(folder + "/etc/sources.list", lines(sources_of(suite, signed_by(), mirror()))));
    const std::string settings = HOSPES_TRY(proxy_settings());
    HOSPES_TRY(write_new(config, config_text(folder, settings)));
    Archive archive(config);
    tool::Tool update{
        archive.apt({"apt-get", "update", "-qq", "-o", "APT::Status-Fd=2", "-o", "APT::Update::Error-Mode=any"}),
        -1,
        -1,
        {},
        [&](std::string_view line) { take_status(line, progress); }};
    if (auto done = tool::run(update); !done.ok())
        return no_network(done.take_error(), "read the package lists of " + suite);
    return archive;
}

std::vector<std::string> Archive::apt(std::vector<std::string> words) const {
    words.insert(words.begin(), {"env", "APT_CONFIG=" + config_});
    return words;
}

Result<std::string> Archive::dependency(const std::string& package, const std::string& prefix) const {
    std::istringstream words(HOSPES_TRY(tool::capture({apt({"apt-cache", "depends", package})})));
    for (std::string word; words >> word;) {
        if (word.starts_with(prefix) && word != package) return word;
    }
    return Error("Debian's package " + package + " no longer depends on a package named " + prefix +
                 "...; this version of Hospes cannot build images from that archive");
}

Result<std::string> Archive::version(const std::string& package) const {
    std::istringstream words(HOSPES_TRY(tool::capture({apt({"apt-cache", "show", "--no-all-versions", package})})));
    for (std::string line; std::getline(words, line);) {
        if (line.starts_with("Version: ")) return line.substr(sizeof "Version: " - 1);
    }
    return Error("Debian's archive has no package " + package);
}

Result<std::vector<Package>> Archive::download(const std::vector<std::string>& packages, const std::string& folder,
                                               Progress& progress) const {
    HOSPES_TRY(make_folder(folder));
    std::vector<std::string> words = apt({"apt-get", "download", "-qq", "-o", "APT::Status-Fd=2"});
    words.insert(words.end(), packages.begin(), packages.end());
    tool::Tool fetch{words, -1, -1, folder, [&](std::string_view line) { take_status(line, progress); }};
    if (auto done = tool::run(fetch); !done.ok()) return no_network(done.take_error(), "fetch packages");
    std::vector<Package> fetched;
    for (const std::string& name : HOSPES_TRY(names_in(folder))) {
        const std::string file = folder + "/" + name;
        const std::string format = "--showformat=${Package} ${Version}";
        std::istringstream said(HOSPES_TRY(tool::capture({{"dpkg-deb", "-W", format, file}})));
        Package package{"", "", file};
        said >> package.name >> package.version;
        fetched.push_back(std::move(package));
    }
    return fetched;
}

Result<std::vector<std::string>> Archive::closure(const std::vector<std::string>& packages) const {
    std::vector<std::string> words = apt({"apt-get", "install", "--simulate", "-qq"});
    words.insert(words.end(), packages.begin(), packages.end());
    std::istringstream plan(HOSPES_TRY(tool::capture({words})));
    std::vector<std::string> names;
    for (std::string line; std::getline(plan, line);) {
        std::istringstream parts(line);
        std::string action;
        std::string name;
        if (parts >> action >> name && action == "Inst") names.push_back(name);
    }
    return names;
}

}  // namespace hospes::image
