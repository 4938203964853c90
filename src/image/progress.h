// How a long operation tells what it is doing, without knowing whether a terminal, a log or a browser listens.
#pragma once

#include <string_view>

namespace hospes::image {

class Progress {
  public:
    virtual ~Progress() = default;

    // A new step begins, `number` of `count` (from 1): "fetching packages". The step before it has ended.
    virtual void step(unsigned number, unsigned count, std::string_view what) = 0;
    // How much of the current step is done, 0 to 100. Not every step knows.
    virtual void percent(unsigned done) = 0;
    // One line that the operator should see: waiting for another build, a way that does not work here and why.
    virtual void note(std::string_view line) = 0;
};

}  // namespace hospes::image
