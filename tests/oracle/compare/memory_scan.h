// Finds what a case did to memory, and undoes it.
#pragma once

#include "case.h"

namespace hospes::oracle {

// The data pages, in the order of the image, as the scanner may write them.
using DataPages = std::uint8_t* const (&)[kDataPageCount];

// Puts the case's patches into memory that equals the image.
void apply_patches(const Case& test, DataPages pages);

// Notes in `outcome` each word that differs from `image` (patches included, what the case ignores left out) and makes
// memory equal the image again. Runs inside a signal handler without thread-local storage: calls nothing.
void collect_changes(const Case& test, const std::uint8_t* image, DataPages pages, Outcome& outcome);

}  // namespace hospes::oracle
