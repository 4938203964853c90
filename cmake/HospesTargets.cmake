# The two ways a target is made here: one static library per folder of src/, and unit tests beside the code.

set(HOSPES_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, empty for none")

add_library(hospes_options INTERFACE)
target_compile_options(hospes_options INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
    -fno-exceptions -fno-rtti -fno-strict-aliasing -Wno-psabi)
target_link_options(hospes_options INTERFACE -Wl,--build-id)  # by which files of translations know their maker
target_include_directories(hospes_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(HOSPES_SANITIZE)
    target_compile_options(hospes_options INTERFACE -fsanitize=${HOSPES_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
    target_link_options(hospes_options INTERFACE -fsanitize=${HOSPES_SANITIZE})
endif()

# hospes_library(NAME SOURCES file... [DEPENDS library...])
# Builds the static library hospes_NAME from the files of the current folder.
function(hospes_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    if(arg_SOURCES)
        add_library(hospes_${name} STATIC ${arg_SOURCES})
        target_link_libraries(hospes_${name} PUBLIC hospes_options ${arg_DEPENDS})
    else()
        add_library(hospes_${name} INTERFACE)
        target_link_libraries(hospes_${name} INTERFACE hospes_options ${arg_DEPENDS})
    endif()
endfunction()

# <gtest/gtest.h>, compiled once for all unit tests: a third of what building them costs.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/cmake/gtest_header.cc CONTENT "")
add_library(hospes_gtest_header OBJECT ${CMAKE_BINARY_DIR}/cmake/gtest_header.cc)
target_link_libraries(hospes_gtest_header PRIVATE hospes_options GTest::gtest)
target_precompile_headers(hospes_gtest_header PRIVATE <gtest/gtest.h>)

# hospes_unit_test(NAME SOURCES file... DEPENDS library...)
# Builds a GoogleTest program and registers it with CTest under the label `fast`.
function(hospes_unit_test name)
    cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hospes_options ${arg_DEPENDS} GTest::gtest_main)
    target_precompile_headers(${name} REUSE_FROM hospes_gtest_header)
    # GCC 12 is wrong about std::string (bug 105651), and says so where its header is a precompiled one.
    target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit.${name} COMMAND ${name})
    set_tests_properties(unit.${name} PROPERTIES LABELS fast)
endfunction()
