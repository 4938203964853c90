// A wire from a device to an interrupt controller.
#pragma once

namespace hospes::bus {

// The level a device drives: true is asserted, whatever the electrical polarity. Edge-triggered inputs see the change
// from false to true. Called with the machine lock held; setting the level it has already is cheap.
class InterruptLine {
  public:
    virtual ~InterruptLine() = default;
    virtual void set(bool asserted) = 0;

    // An edge for an edge-triggered input.
    void pulse() {
        set(true);
        set(false);
    }
};

// A line that goes nowhere, for devices whose interrupt is not connected.
class UnconnectedLine final : public InterruptLine {
  public:
    void set(bool) override {}
};

}  // namespace hospes::bus
