// The cold half of Watch: what there is to look out for.
#include <algorithm>

#include "engine/translator/runtime/watch.h"
#include "x86/debug_registers.h"

namespace hospes::translator {

bool Watch::follow(const GuestState& state) { return rebuild(state); }

bool Watch::obey(const cpu::DebugRequest& request, const GuestState& state) {
    asked_code_ = request.code;
    asked_data_ = request.data;
    steps_ = request.step;
    return rebuild(state);
}

void Watch::add_guest(const GuestState& state) {
    using x86::dr7::Kind;
    for (unsigned number = 0; number < x86::kBreakpoints; ++number) {
        if (!x86::dr7::enabled(state.dr7, number)) continue;
        const auto owner = static_cast<Owners>(1u << number);
        const Kind kind = x86::dr7::kind(state.dr7, number);
        if (kind == Kind::Execute) code_list_.push_back({state.dr[number], owner});
        if (kind == Kind::Execute || kind == Kind::Port) continue;
        const unsigned length = x86::dr7::length(state.dr7, number);
        data_list_.push_back({{state.dr[number] & ~(length - 1ull), length, kind == Kind::ReadWrite, true}, owner});
    }
}

bool Watch::rebuild(const GuestState& state) {
    const std::vector<Data> before = std::move(data_list_);
    code_list_.clear();
    data_list_.clear();
    add_guest(state);
    for (const Gva address : asked_code_) code_list_.push_back({address, kDebugger});
    for (const cpu::DataBreakpoint& area : asked_data_) data_list_.push_back({area, kDebugger});
    std::sort(code_list_.begin(), code_list_.end(), [](const Code& a, const Code& b) { return a.address < b.address; });
    code_ = code_list_.data();
    data_ = data_list_.data();
    code_count_ = static_cast<unsigned>(code_list_.size());
    data_count_ = static_cast<unsigned>(data_list_.size());
    return std::any_of(data_list_.begin(), data_list_.end(), [&](const Data& now) {
        return std::none_of(before.begin(), before.end(), [&](const Data& old) { return old.area == now.area; });
    });
}

}  // namespace hospes::translator
