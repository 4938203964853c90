// Shows what a long operation does on standard error: one line that is rewritten on a terminal, else a line per step.
#pragma once

#include <string>

#include "image/progress.h"

namespace hospes::cli {

class ProgressLines final : public image::Progress {
  public:
    ProgressLines();
    ~ProgressLines() override { clear(); }
    ProgressLines(const ProgressLines&) = delete;
    ProgressLines& operator=(const ProgressLines&) = delete;

    void step(unsigned number, unsigned count, std::string_view what) override;
    void percent(unsigned done) override;
    void note(std::string_view line) override;

  private:
    void show(const std::string& line);
    void clear();

    bool terminal_;
    bool colours_;
    bool shown_ = false;  // there is a line to be rewritten
    std::string step_;
    unsigned percent_ = 0;
};

}  // namespace hospes::cli
