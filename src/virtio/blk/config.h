// virtio-blk: features and configuration layout (virtio 1.2, 5.2.3 and 5.2.4).
#pragma once

#include <cstdint>

#include "block/disk.h"

namespace hospes::virtio::blk {

inline constexpr std::uint16_t kQueueSize = 256;
// Header and status byte take a descriptor each.
inline constexpr std::uint32_t kMaxSegments = kQueueSize - 2;
// Per request; bounds how long one of them keeps a vCPU: zeroes may have to be written out, discards not.
inline constexpr std::uint32_t kMaxZeroSectors = (16u << 20) / block::kSectorSize;
inline constexpr std::uint32_t kMaxDiscardSectors = (1u << 30) / block::kSectorSize;

namespace feature {
inline constexpr std::uint64_t kSegmentMax = 1ull << 2;
inline constexpr std::uint64_t kReadOnly = 1ull << 5;
inline constexpr std::uint64_t kBlockSize = 1ull << 6;
inline constexpr std::uint64_t kFlush = 1ull << 9;
inline constexpr std::uint64_t kTopology = 1ull << 10;
inline constexpr std::uint64_t kDiscard = 1ull << 13;
inline constexpr std::uint64_t kWriteZeroes = 1ull << 14;
}  // namespace feature

struct [[gnu::packed]] Config {
    std::uint64_t capacity = 0;  // in 512-byte sectors, whatever blk_size says
    std::uint32_t size_max = 0;
    std::uint32_t seg_max = kMaxSegments;
    std::uint32_t geometry = 0;
    std::uint32_t blk_size = block::kSectorSize;
    std::uint8_t physical_block_exp = 3;  // 4 KiB: the host's page and most disks' sector
    std::uint8_t alignment_offset = 0;
    std::uint16_t min_io_size = 8;  // in blocks
    std::uint32_t opt_io_size = 0;
    std::uint8_t writeback = 1;
    std::uint8_t unused0 = 0;
    std::uint16_t num_queues = 1;
    std::uint32_t max_discard_sectors = kMaxDiscardSectors;
    std::uint32_t max_discard_seg = 1;
    std::uint32_t discard_sector_alignment = 8;
    std::uint32_t max_write_zeroes_sectors = kMaxZeroSectors;
    std::uint32_t max_write_zeroes_seg = 1;
    std::uint8_t write_zeroes_may_unmap = 1;
    std::uint8_t unused1[3] = {};
};
static_assert(sizeof(Config) == 60);

std::uint64_t features_of(const block::Disk& disk);
Config config_of(const block::Disk& disk);

}  // namespace hospes::virtio::blk
