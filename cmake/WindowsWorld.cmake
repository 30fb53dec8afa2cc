# The Windows world: how drivers, apps and the emulator's kernel-side layers are compiled.
#
#   windows_world_headers()                     build/configure step: the adapted copy of the packaged headers
#   windows_world_flags(<target> KERNEL|APP)    include directories, definitions and warning switches
#   windows_world_seh(<target> <source>...)     sources with __try are compiled so that locals survive the jump
#   windows_world_wpp(<target> <source>...)     answers `#include "<source>.tmh"` (W-TYP-18)
#   windows_world_spellings(<target> SOURCES <source>... [INCLUDES <dir>...])  includes in other case or with backslashes (W-TYP-17)

include_guard(GLOBAL)

set(WINDOWS_WORLD_SOURCE_INCLUDE "/usr/share/mingw-w64/include" CACHE PATH
    "Where the package mingw-w64-x86-64-dev keeps its headers")
set(WINDOWS_WORLD_HEADERS "${CMAKE_BINARY_DIR}/headers" CACHE INTERNAL "The adapted headers")
set(WINDOWS_WORLD_OVERLAY "${CMAKE_CURRENT_LIST_DIR}/../emulator/include")
set(WINDOWS_WORLD_ADAPT "${CMAKE_CURRENT_LIST_DIR}/adapt_headers.sh")

# Runs when configuring, since compilers look at directories before any build step has run. A second run does nothing.
function(windows_world_headers)
    execute_process(
        COMMAND sh "${WINDOWS_WORLD_ADAPT}" "${WINDOWS_WORLD_SOURCE_INCLUDE}" "${WINDOWS_WORLD_HEADERS}"
        RESULT_VARIABLE status ERROR_VARIABLE message ERROR_STRIP_TRAILING_WHITESPACE)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${message}")
    endif()
    set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${WINDOWS_WORLD_ADAPT}")
    execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-resource-dir
        OUTPUT_VARIABLE resources OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(WINDOWS_WORLD_RESOURCES "${resources}/include" CACHE INTERNAL "The compiler's own headers")
endfunction()

# What a Windows compiler is silent about, and what foreign headers and sample code do freely.
set(WINDOWS_WORLD_WARNINGS
    -Wno-ignored-attributes -Wno-ignored-pragmas -Wno-unknown-pragmas -Wno-pragma-pack
    -Wno-microsoft -Wno-multichar -Wno-four-char-constants -Wno-pointer-sign -Wno-duplicate-decl-specifier
    -Wno-missing-braces -Wno-missing-field-initializers -Wno-unused-parameter -Wno-unused-value
    -Wno-incompatible-library-redeclaration -Wno-builtin-requires-header -Wno-nonportable-include-path
    -Wno-format -Wno-extern-initializer -Wno-comment -Wno-visibility -Wno-void-pointer-to-int-cast)

# KERNEL: drivers and the emulator's kernel layers. APP: Win32 programs and the layer that serves them.
function(windows_world_flags target world)
    if(NOT world MATCHES "^(KERNEL|APP)$")
        message(FATAL_ERROR "windows_world_flags(${target} ${world}): say KERNEL or APP")
    endif()

    # SHELL: keeps each pair together, since equal options would be merged.
    set(system "SHELL:-isystem ${WINDOWS_WORLD_OVERLAY}/common")
    if(world STREQUAL "KERNEL")
        list(PREPEND system "SHELL:-isystem ${WINDOWS_WORLD_OVERLAY}/km" "SHELL:-isystem ${WINDOWS_WORLD_OVERLAY}/kmdf")
        list(APPEND system "SHELL:-isystem ${WINDOWS_WORLD_HEADERS}/ddk")
        set(definitions _KERNEL_MODE=1 DBG=1 ALLOC_PRAGMA=1 ALLOC_DATA_PRAGMA=1)
    else()
        list(PREPEND system "SHELL:-isystem ${WINDOWS_WORLD_OVERLAY}/um")
        set(definitions _CONSOLE=1 _CRT_SECURE_NO_WARNINGS=1)
    endif()
    list(APPEND system "SHELL:-isystem ${WINDOWS_WORLD_HEADERS}" "SHELL:-isystem ${WINDOWS_WORLD_RESOURCES}")

    target_compile_options(${target} PRIVATE
        -fshort-wchar -fms-extensions -mms-bitfields -fno-strict-aliasing -fwrapv -fno-builtin-wcslen -nostdinc
        -U__linux__ -U__linux -Ulinux -U__unix__ -U__unix -Uunix -U__gnu_linux__
        "SHELL:-include irpfuzz_prelude.h" ${system} ${WINDOWS_WORLD_WARNINGS})
    target_compile_definitions(${target} PRIVATE
        _WIN32=1 _WIN64=1 WIN32=1 _AMD64_=1 _M_AMD64=100 _M_X64=100
        _WIN32_WINNT=0x0A00 WINVER=0x0A00 NTDDI_VERSION=0x0A000006 ${definitions})
    set_target_properties(${target} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON CXX_STANDARD 17 CXX_EXTENSIONS ON)
endfunction()

# setjmp stands behind __try, and a local changed in the guarded body keeps its value only where it lives in memory, as MSVC
# guarantees (irpfuzz_seh.h). Such sources are few, so they give up optimisation.
function(windows_world_seh target)
    foreach(source IN LISTS ARGN)
        get_filename_component(path "${source}" ABSOLUTE)
        file(STRINGS "${path}" words REGEX "__try|__except|__finally|(^|[^A-Za-z_])(try|except|finally)[ \t]*[{(]" LIMIT_COUNT 1)
        if(words)
            set_property(SOURCE "${source}" APPEND PROPERTY COMPILE_OPTIONS -O0)
        endif()
    endforeach()
endfunction()

# WPP's preprocessor writes one .tmh per source. Here each one is a line that includes the common definitions, in a
# directory of the target's own, so that the driver's folder stays as it is on Windows.
function(windows_world_wpp target)
    set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}.wpp")
    foreach(source IN LISTS ARGN)
        get_filename_component(name "${source}" NAME_WE)
        file(CONFIGURE OUTPUT "${directory}/${name}.tmh" CONTENT "#include <irpfuzz_wpp.h>\n")
    endforeach()
    target_include_directories(${target} PRIVATE "${directory}")
endfunction()

# When configuring, as for the headers: which files are there is known then.
function(windows_world_spellings target)
    cmake_parse_arguments(SPELLED "" "" "SOURCES;INCLUDES" ${ARGN})
    set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}.spellings")
    execute_process(COMMAND sh "${CMAKE_SOURCE_DIR}/cmake/map_includes.sh" "${directory}" ${SPELLED_SOURCES} -- ${SPELLED_INCLUDES} --
            "${WINDOWS_WORLD_OVERLAY}/km" "${WINDOWS_WORLD_OVERLAY}/kmdf" "${WINDOWS_WORLD_OVERLAY}/common" "${WINDOWS_WORLD_HEADERS}/ddk"
            "${WINDOWS_WORLD_HEADERS}"
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "cmake/map_includes.sh failed for ${target}")
    endif()
    target_include_directories(${target} PRIVATE "${directory}/here/here")
endfunction()
