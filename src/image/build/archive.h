// Debian's archive, seen by an apt of our own: the host's sources, preferences and package state do not count; its
// proxy settings do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/progress.h"

namespace hospes::image {

// One line of sources.list for each part of the archive that a release consists of. `from` is deb.debian.org, or what
// HOSPES_DEBIAN_MIRROR names; its security archive is expected at the same place with "-security" behind.
std::vector<std::string> sources_of(std::string_view suite, std::string_view options, const std::string& from);

// The option of a source by which apt believes Debian's keys and no others.
std::string signed_by();

// The mirror that the operator or Debian names.
std::string mirror();

struct Package {
    std::string name;
    std::string version;
    std::string file;  // the .deb
};

class Archive {
  public:
    // Reads the indices of `suite` (bookworm, trixie) into `folder`, which must exist.
    static Result<Archive> open(const std::string& suite, const std::string& folder, Progress& progress);

    // What `package` depends on of which the name begins with `prefix`: from linux-image-cloud-amd64 to the package
    // that it stands for today.
    Result<std::string> dependency(const std::string& package, const std::string& prefix) const;
    // The version that download() would fetch.
    Result<std::string> version(const std::string& package) const;
    // Fetches the packages into `folder`, checked against the archive's signature.
    Result<std::vector<Package>> download(const std::vector<std::string>& packages, const std::string& folder,
                                          Progress& progress) const;
    // Names of all packages that an installation of `packages` in an empty system consists of, the essential ones
    // included, as apt resolves it without recommendations.
    Result<std::vector<std::string>> closure(const std::vector<std::string>& packages) const;

  private:
    explicit Archive(std::string config) : config_(std::move(config)) {}

    std::vector<std::string> apt(std::vector<std::string> words) const;

    std::string config_;
};

}  // namespace hospes::image
