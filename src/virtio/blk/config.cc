#include "virtio/blk/config.h"

namespace hospes::virtio::blk {

std::uint64_t features_of(const block::Disk& disk) {
    const std::uint64_t always = feature::kSegmentMax | feature::kBlockSize | feature::kFlush | feature::kTopology;
    return always | (disk.read_only() ? feature::kReadOnly : feature::kDiscard | feature::kWriteZeroes);
}

Config config_of(const block::Disk& disk) {
    Config config;
    config.capacity = disk.size() / block::kSectorSize;
    return config;
}

}  // namespace hospes::virtio::blk
