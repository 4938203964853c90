// Garbage collection.
#pragma once

#include "base/result.h"
#include "image/layout.h"

namespace hospes::image {

// Removes each blob that no ref leads to and that nobody holds a lease on. The caller holds the store lock exclusively.
// Removes nothing while some ref leads to a manifest that cannot be read: who knows what that one needs.
Result<void> collect_garbage(const Layout& layout);

// The same, taking the lock.
Result<void> lock_and_collect_garbage(const Layout& layout);

}  // namespace hospes::image
