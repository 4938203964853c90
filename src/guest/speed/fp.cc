#include <array>
#include <bit>
#include <cmath>

#include "guest/speed/kernels.h"

namespace hospes::guest::speed {

namespace {

struct Body {
    double x, y, z, vx, vy, vz, mass;
};

void pull(Body& one, Body& other, double step) {
    const double dx = one.x - other.x, dy = one.y - other.y, dz = one.z - other.z;
    const double square = dx * dx + dy * dy + dz * dz + 0.01;
    const double factor = step / (square * std::sqrt(square));
    one.vx -= dx * other.mass * factor;
    one.vy -= dy * other.mass * factor;
    one.vz -= dz * other.mass * factor;
    other.vx += dx * one.mass * factor;
    other.vy += dy * one.mass * factor;
    other.vz += dz * one.mass * factor;
}

double orbits() {
    // Never across a page's end: on the stack, that would be a matter of chance.
    alignas(512) static std::array<Body, 5> bodies;
    double place = 0.5;
    for (Body& body : bodies) {
        body = {place, 1.5 - place, 0.1 * place, 0.2 * place, 0.3, -0.1 * place, 1.0 / (1.0 + place)};
        place += 1.25;
    }
    for (unsigned step = 0; step < 10000; ++step) {
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            for (std::size_t j = i + 1; j < bodies.size(); ++j) pull(bodies[i], bodies[j], 0.001);
        }
        for (Body& body : bodies) {
            body.x += 0.001 * body.vx;
            body.y += 0.001 * body.vy;
            body.z += 0.001 * body.vz;
        }
    }
    return bodies[0].x + bodies[1].y + bodies[2].z;
}

double product() {
    constexpr std::size_t kSide = 128;
    using Matrix = std::array<std::array<double, kSide>, kSide>;
    static Matrix a, b, c;
    for (std::size_t i = 0; i < kSide; ++i) {
        for (std::size_t j = 0; j < kSide; ++j) {
            a[i][j] = static_cast<double>(i * 3 + j) / 97;
            b[i][j] = static_cast<double>(i + j * 5) / 89;
            c[i][j] = 0;
        }
    }
    for (std::size_t i = 0; i < kSide; ++i) {
        for (std::size_t k = 0; k < kSide; ++k) {
            const double factor = a[i][k];
            for (std::size_t j = 0; j < kSide; ++j) c[i][j] += factor * b[k][j];
        }
    }
    return c[5][7] + c[kSide - 1][kSide - 1];
}

}  // namespace

std::uint64_t fp_unit() {
    return fold(std::bit_cast<std::uint64_t>(orbits()), std::bit_cast<std::uint64_t>(product()));
}

}  // namespace hospes::guest::speed
