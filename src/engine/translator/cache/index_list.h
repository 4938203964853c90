// Lists of records that lie in arrays, by index. Entering and leaving take the same time however long a list is.
#pragma once

#include <cstdint>

namespace hospes::translator {

struct ListLinks {
    std::uint32_t next = 0, previous = 0;  // 0: none
};

// `first` is the list's first record, 0 if it is empty; `links_of` gives a record's ListLinks& by its index.
template <typename LinksOf>
void enter_list(std::uint32_t& first, std::uint32_t index, LinksOf links_of) {
    links_of(index) = {first, 0};
    if (first != 0) links_of(first).previous = index;
    first = index;
}

template <typename LinksOf>
void leave_list(std::uint32_t& first, std::uint32_t index, LinksOf links_of) {
    const ListLinks links = links_of(index);
    (links.previous != 0 ? links_of(links.previous).next : first) = links.next;
    if (links.next != 0) links_of(links.next).previous = links.previous;
}

}  // namespace hospes::translator
