#include "virtio/console/request.h"

#include "virtio/queue/chain.h"

namespace hospes::virtio::console {

std::optional<ControlMessage> parse(std::span<const iovec> readable) {
    ControlMessage message;
    if (copy_out(readable, 0, &message, sizeof message) != sizeof message) return std::nullopt;
    return message;
}

}  // namespace hospes::virtio::console
