// Which group a form belongs to, and which forms stay out.
#pragma once

#include "forms/decoder.h"
#include "forms/form.h"

namespace hospes::oracle {

// Group::None: not admitted by the default CPU model, not deterministic, or a way out of user mode.
Group classify(const Form& form, const Decoded& decoded);

}  // namespace hospes::oracle
