# irpfuzz_whole_object(<name> <variable> <object library>...)
#
# Links object libraries of the emulator into one relocatable object, <name>.o, optimised across all their files, and puts what an executable
# or an archive needs of them into <variable>. The link happens once a build tree, however many executables use it. Without IRPFUZZ_LTO the
# variable names the libraries' own objects.
#
# IRPFUZZ_PROFILE names a profile of the emulator at work, by which the optimiser lays it out: the preset `training` makes it (target
# emulator_profile, from the fuzz targets' seeds and generated inputs). Code that was changed since then is compiled without, and correctly. Together they make a life
# cost a third fewer instructions. Nothing that a life does depends on them; tests/determinism compares builds with and without.
#
# The files of one link must agree about wchar_t, and the host world uses none: so it takes the Windows world's.

include_guard(GLOBAL)

# Only where inputs are run by the million: each link takes ten seconds.
set(lto OFF)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND NOT IRPFUZZ_INSTRUMENT_EMULATOR AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug"
   AND NOT IRPFUZZ_SANITIZER STREQUAL "memory" AND (IRPFUZZ_TRAINING OR NOT IRPFUZZ_FUZZER STREQUAL "none"))
    string(REGEX MATCH "^[0-9]+" major "${CMAKE_C_COMPILER_VERSION}")
    find_program(IRPFUZZ_LLD NAMES "ld.lld-${major}") # reads the bitcode of its own version only
    if(IRPFUZZ_LLD)
        set(lto ON)
    endif()
endif()
option(IRPFUZZ_LTO "Optimise the emulator across its files" ${lto})
option(IRPFUZZ_TRAINING "The emulator counts what it does, for IRPFUZZ_PROFILE" OFF)
set(IRPFUZZ_PROFILE "" CACHE FILEPATH "How the emulator is used: build/training/emulator.profdata")

set(whole_flags -flto=full -fshort-wchar)
if(IRPFUZZ_TRAINING)
    list(APPEND whole_flags -fprofile-generate)
    add_link_options(-fprofile-generate)
elseif(IRPFUZZ_PROFILE)
    list(APPEND whole_flags "-fprofile-use=${IRPFUZZ_PROFILE}" -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled)
endif()
set(IRPFUZZ_WHOLE_FLAGS "${whole_flags}")

function(irpfuzz_whole_object name variable)
    set(objects "")
    foreach(library IN LISTS ARGN)
        list(APPEND objects "$<TARGET_OBJECTS:${library}>")
    endforeach()
    if(NOT IRPFUZZ_LTO)
        set(${variable} "${objects}" PARENT_SCOPE)
        return()
    endif()
    foreach(library IN LISTS ARGN)
        target_compile_options(${library} PRIVATE ${IRPFUZZ_WHOLE_FLAGS})
        set_target_properties(${library} PROPERTIES C_COMPILER_LAUNCHER "")
    endforeach()
    set(whole "${CMAKE_CURRENT_BINARY_DIR}/${name}.o")
    set(rename "")
    if(IRPFUZZ_SANITIZER STREQUAL "thread")
        set(rename COMMAND "${IRPFUZZ_OBJCOPY}" "--redefine-syms=${IRPFUZZ_OWN_MEMORY_FUNCTIONS}" "${whole}")
    endif()
    add_custom_command(OUTPUT "${whole}" COMMAND "${IRPFUZZ_LLD}" -r --lto-O3 -o "${whole}" "${objects}" ${rename}
        DEPENDS ${ARGN} "${objects}" COMMAND_EXPAND_LISTS COMMENT "Optimising ${name}")
    add_custom_target(${name}_object DEPENDS "${whole}")
    set(${variable} "${whole}" PARENT_SCOPE)
endfunction()
