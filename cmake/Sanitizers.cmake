# Which instrumentation goes where.
#
#   irpfuzz_emulator_flags(<target>)   the emulator: never ThreadSanitizer (the driver's races must be seen, and only they), never
#                                      coverage feedback (it would drown the driver's); MemorySanitizer always (it must see every store)
#   irpfuzz_driver_flags(<target>)     drivers and apps: sanitizer, coverage, scheduling points at loads and stores
#   irpfuzz_model_flags(<target>)      a model of a device that is itself under test: as the emulator, with feedback and the sanitizer of memory, but no races
#   irpfuzz_link_flags(<target>)       executables
#   irpfuzz_ignore_feedback(<target>)  executables that no fuzzer runs: where no run-time library listens to the driver's feedback, something must

include_guard(GLOBAL)

find_program(IRPFUZZ_OBJCOPY NAMES llvm-objcopy-19 llvm-objcopy REQUIRED)
set(IRPFUZZ_OWN_MEMORY_FUNCTIONS "${CMAKE_SOURCE_DIR}/emulator/machine/own_memory_functions.txt")

set(IRPFUZZ_COMMON_FLAGS -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -gline-tables-only)

set(undefined -fsanitize=undefined -fno-sanitize=alignment,function,vptr -fno-sanitize-recover=undefined)
if(IRPFUZZ_SANITIZER STREQUAL "none")
    set(IRPFUZZ_SAN_FLAGS "")
    set(IRPFUZZ_SAN_DEFINE "")
elseif(IRPFUZZ_SANITIZER STREQUAL "address")
    set(IRPFUZZ_SAN_FLAGS -fsanitize=address ${undefined})
    set(IRPFUZZ_SAN_DEFINE IRPFUZZ_ASAN=1)
elseif(IRPFUZZ_SANITIZER STREQUAL "undefined")
    set(IRPFUZZ_SAN_FLAGS ${undefined})
    set(IRPFUZZ_SAN_DEFINE IRPFUZZ_UBSAN=1)
elseif(IRPFUZZ_SANITIZER STREQUAL "thread")
    set(IRPFUZZ_SAN_FLAGS -fsanitize=thread)
    set(IRPFUZZ_SAN_DEFINE IRPFUZZ_TSAN=1)
elseif(IRPFUZZ_SANITIZER STREQUAL "memory")
    set(IRPFUZZ_SAN_FLAGS -fsanitize=memory)
    set(IRPFUZZ_SAN_DEFINE IRPFUZZ_MSAN=1)
else()
    message(FATAL_ERROR "IRPFUZZ_SANITIZER=${IRPFUZZ_SANITIZER}: use none, address, undefined, thread or memory")
endif()

set(IRPFUZZ_FEEDBACK_FLAGS "")
if(IRPFUZZ_FUZZER STREQUAL "libfuzzer")
    set(IRPFUZZ_FEEDBACK_FLAGS -fsanitize=fuzzer-no-link)
elseif(IRPFUZZ_FUZZER STREQUAL "afl")
    set(IRPFUZZ_FEEDBACK_FLAGS -fsanitize-coverage=trace-pc-guard)
elseif(NOT IRPFUZZ_FUZZER STREQUAL "none")
    message(FATAL_ERROR "IRPFUZZ_FUZZER=${IRPFUZZ_FUZZER}: use none, libfuzzer or afl")
endif()
# Edges alone: a model of a device compares much, and our mutator asks for no operands.
set(IRPFUZZ_EDGE_FLAGS ${IRPFUZZ_FEEDBACK_FLAGS})
if(IRPFUZZ_FUZZER STREQUAL "libfuzzer")
    set(IRPFUZZ_EDGE_FLAGS -fsanitize-coverage=inline-8bit-counters,pc-table)
endif()
set(IRPFUZZ_COVERAGE_FLAGS -fprofile-instr-generate -fcoverage-mapping)
if(IRPFUZZ_MEMORY_POINTS)
    list(APPEND IRPFUZZ_FEEDBACK_FLAGS -fsanitize-coverage=trace-loads,trace-stores)
endif()
if(IRPFUZZ_COVERAGE)
    list(APPEND IRPFUZZ_FEEDBACK_FLAGS ${IRPFUZZ_COVERAGE_FLAGS})
    list(APPEND IRPFUZZ_EDGE_FLAGS ${IRPFUZZ_COVERAGE_FLAGS})
endif()

# The compiler's instrumentation for races tells of every load and store; machine/footprint.c stands in the place of its runtime.
set(IRPFUZZ_FOOTPRINT_FLAGS "")
if(IRPFUZZ_FOOTPRINTS)
    if(NOT IRPFUZZ_SANITIZER STREQUAL "none" OR NOT IRPFUZZ_FUZZER STREQUAL "none" OR IRPFUZZ_MEMORY_POINTS)
        message(FATAL_ERROR "IRPFUZZ_FOOTPRINTS goes with no sanitizer and no fuzzer")
    endif()
    set(IRPFUZZ_FOOTPRINT_FLAGS -fsanitize=thread "SHELL:-mllvm -tsan-instrument-func-entry-exit=0" -fno-builtin-memcmp)
endif()

function(irpfuzz_emulator_flags target)
    set(flags ${IRPFUZZ_COMMON_FLAGS})
    if(NOT target MATCHES "_host$|^run_|^input_format$|^fuzz_|^afl_") # what is emulated, not what emulates
        list(APPEND flags ${IRPFUZZ_FOOTPRINT_FLAGS})
    endif()
    set(definitions ${IRPFUZZ_SAN_DEFINE})
    if(IRPFUZZ_CANARY)
        list(APPEND definitions IRPFUZZ_CANARY=1)
    endif()
    if(IRPFUZZ_SANITIZER STREQUAL "memory")
        list(APPEND flags ${IRPFUZZ_SAN_FLAGS})
    elseif(IRPFUZZ_SANITIZER MATCHES "address|undefined" AND IRPFUZZ_INSTRUMENT_EMULATOR)
        list(APPEND flags ${IRPFUZZ_SAN_FLAGS})
        list(APPEND definitions IRPFUZZ_EMULATOR_ASAN=1)
    endif()
    target_compile_options(${target} PRIVATE ${flags})
    target_compile_definitions(${target} PRIVATE ${definitions})
    if(IRPFUZZ_SANITIZER STREQUAL "thread") # its interceptors see calls from code that is not instrumented, too
        set_target_properties(${target} PROPERTIES C_COMPILER_LAUNCHER
            "sh;${CMAKE_SOURCE_DIR}/cmake/own_memory_functions.sh;${IRPFUZZ_OBJCOPY};${IRPFUZZ_OWN_MEMORY_FUNCTIONS}")
    endif()
endfunction()

function(irpfuzz_model_flags target)
    irpfuzz_emulator_flags(${target})
    target_compile_options(${target} PRIVATE ${IRPFUZZ_EDGE_FLAGS})
    if(IRPFUZZ_SANITIZER MATCHES "address|undefined" AND NOT IRPFUZZ_INSTRUMENT_EMULATOR)
        target_compile_options(${target} PRIVATE ${IRPFUZZ_SAN_FLAGS})
    endif()
endfunction()

# The emulator's code that stands for a driver's own: what it reads and writes is the driver's doing.
function(irpfuzz_sanitize_sources)
    if(NOT IRPFUZZ_SANITIZER STREQUAL "none")
        set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${IRPFUZZ_SAN_FLAGS}")
    endif()
endfunction()

# Dead stripping would put each global into a group of its own, named after it: the linker would keep one WdfDriverGlobals for all images.
set(IRPFUZZ_DRIVER_GLOBALS "")
if(IRPFUZZ_SANITIZER STREQUAL "address")
    set(IRPFUZZ_DRIVER_GLOBALS -fno-sanitize-address-globals-dead-stripping)
endif()

# A DDI knows who calls it by its return address, which a tail call would take away.
function(irpfuzz_driver_flags target)
    target_compile_options(${target} PRIVATE ${IRPFUZZ_COMMON_FLAGS} -fno-optimize-sibling-calls ${IRPFUZZ_DRIVER_GLOBALS} ${IRPFUZZ_SAN_FLAGS} ${IRPFUZZ_FEEDBACK_FLAGS}
        ${IRPFUZZ_FOOTPRINT_FLAGS})
endfunction()

function(irpfuzz_link_flags target)
    target_link_options(${target} PRIVATE ${IRPFUZZ_SAN_FLAGS})
    if(IRPFUZZ_COVERAGE)
        target_link_options(${target} PRIVATE -fprofile-instr-generate)
    endif()
endfunction()

function(irpfuzz_ignore_feedback target)
    if(IRPFUZZ_SANITIZER STREQUAL "none" AND NOT IRPFUZZ_FUZZER STREQUAL "none")
        target_sources(${target} PRIVATE "${CMAKE_SOURCE_DIR}/targets/engine/no_feedback.c")
    endif()
endfunction()
