// Segment registers, between the seam's form and KVM's.
#pragma once

#include <linux/kvm.h>

#include "x86/segment.h"

namespace hospes::kvm {

kvm_segment to_kvm(const x86::Segment& from);
x86::Segment from_kvm(const kvm_segment& from);

}  // namespace hospes::kvm
