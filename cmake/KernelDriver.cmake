# add_kernel_driver(<name> [WDM] [KMDF_MINOR <n>] [INF <file>] SOURCES <file>... [INCLUDES <dir>...])
#
# Compiles a driver's sources as they are on Windows and makes one relocatable object of them, the *image*: its code and writable data
# stand in sections of their own (drv_text, drv_data, drv_bss), every symbol but the image's descriptor is local, so that several drivers can live in one
# program, as modules do in one kernel. Link it with irpfuzz_use_driver(<target> <name>).
#
# The INF (.inf, .inx) that stands beside the first source says what the registry holds of the driver's service and devices (emulator/inf); INF names it where
# there are several.
#
# The build fails on a bare `long` in the sources (32 bits on Windows, 64 here): say LONG, or int.

include_guard(GLOBAL)

# The driver's INF: the one given, or the only one beside the first source.
function(irpfuzz_inf_of out given first)
    if(given)
        get_filename_component(given "${given}" ABSOLUTE)
        set(${out} "${given}" PARENT_SCOPE)
        return()
    endif()
    get_filename_component(folder "${first}" DIRECTORY)
    get_filename_component(folder "${folder}" ABSOLUTE)
    file(GLOB found CONFIGURE_DEPENDS "${folder}/*.[iI][nN][fFxX]")
    list(LENGTH found count)
    if(count GREATER 1)
        message(FATAL_ERROR "${folder} has several INF files: name the driver's with INF")
    endif()
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

function(add_kernel_driver name)
    cmake_parse_arguments(DRIVER "WDM" "KMDF_MINOR;INF" "SOURCES;INCLUDES" ${ARGN})
    if(NOT DRIVER_SOURCES)
        message(FATAL_ERROR "add_kernel_driver(${name}): no SOURCES")
    endif()
    set(IMAGE_NAME ${name})
    set(IMAGE_MINOR 31)
    if(DRIVER_KMDF_MINOR)
        set(IMAGE_MINOR ${DRIVER_KMDF_MINOR})
    endif()
    set(IMAGE_IS_KMDF 1)
    if(DRIVER_WDM)
        set(IMAGE_IS_KMDF 0)
    endif()
    set(directory "${CMAKE_CURRENT_BINARY_DIR}/${name}.image")
    irpfuzz_inf_of(inf_file "${DRIVER_INF}" ${DRIVER_SOURCES})
    set(IMAGE_HAS_INF 0)
    set(inf_source "")
    if(inf_file)
        set(IMAGE_HAS_INF 1)
        set(inf_source "${directory}/inf.c")
        add_custom_command(OUTPUT "${inf_source}" COMMAND inf_reader "${inf_file}" ${IMAGE_MINOR} > "${inf_source}"
            DEPENDS "${inf_file}" inf_reader COMMENT "Reading ${inf_file}")
    endif()
    configure_file("${CMAKE_SOURCE_DIR}/cmake/driver_image.c.in" "${directory}/image.c" @ONLY)

    set(headers "") # the driver's own: beside its sources and in its include directories
    foreach(source IN LISTS DRIVER_SOURCES)
        get_filename_component(folder "${source}" DIRECTORY)
        get_filename_component(folder "${folder}" ABSOLUTE)
        list(APPEND folders "${folder}")
    endforeach()
    list(APPEND folders ${DRIVER_INCLUDES})
    list(REMOVE_DUPLICATES folders)
    foreach(folder IN LISTS folders)
        file(GLOB found CONFIGURE_DEPENDS "${folder}/*.[hH]")
        list(APPEND headers ${found})
    endforeach()
    add_custom_command(OUTPUT "${directory}/long.checked"
        COMMAND sh "${CMAKE_SOURCE_DIR}/cmake/check_long.sh" ${DRIVER_SOURCES} ${headers}
        COMMAND "${CMAKE_COMMAND}" -E touch "${directory}/long.checked"
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" DEPENDS ${DRIVER_SOURCES} ${headers}
        COMMENT "Checking ${name} for bare long")
    # The first and the last source mark where the image begins and ends.
    add_library(${name}_objects OBJECT "${CMAKE_SOURCE_DIR}/cmake/driver_image_begin.c" "${directory}/image.c" ${inf_source}
                ${DRIVER_SOURCES}
                "${CMAKE_SOURCE_DIR}/cmake/driver_image_end.c" "${directory}/long.checked")
    windows_world_flags(${name}_objects KERNEL)
    windows_world_wpp(${name}_objects ${DRIVER_SOURCES})
    windows_world_seh(${name}_objects ${DRIVER_SOURCES})
    windows_world_spellings(${name}_objects SOURCES ${DRIVER_SOURCES} INCLUDES ${DRIVER_INCLUDES})
    irpfuzz_driver_flags(${name}_objects)
    target_compile_options(${name}_objects PRIVATE "SHELL:-include ${CMAKE_SOURCE_DIR}/cmake/driver_sections.h")
    target_include_directories(${name}_objects PRIVATE ${DRIVER_INCLUDES})

    set(image "${CMAKE_CURRENT_BINARY_DIR}/${name}.sys.o")
    add_custom_command(OUTPUT "${image}"
        COMMAND "${CMAKE_LINKER}" -r -o "${image}.tmp" "$<TARGET_OBJECTS:${name}_objects>"
        COMMAND "${IRPFUZZ_OBJCOPY}" "--keep-global-symbol=irpfuzz_image_${name}" --keep-global-symbol=___asan_globals_registered "${image}.tmp" "${image}"
        DEPENDS ${name}_objects "$<TARGET_OBJECTS:${name}_objects>" COMMAND_EXPAND_LISTS
        COMMENT "Linking driver image ${name}")
    add_custom_target(${name} DEPENDS "${image}")
    set_target_properties(${name} PROPERTIES IRPFUZZ_IMAGE "${image}")
endfunction()

function(irpfuzz_use_driver target name)
    get_target_property(image ${name} IRPFUZZ_IMAGE)
    add_dependencies(${target} ${name})
    target_link_libraries(${target} PRIVATE "${image}")
endfunction()
