# textback_library(NAME decide LAYER 3 [THREADS] [RUNS_ROCKSDB] [DEPS base text] [PUBLIC_DEPS …] [PRIVATE_DEPS Boost::headers]
#                  [TEST_DEPS textback::log_sim])
#
# THREADS: the library starts or is used by several threads; its tests run under ThreadSanitizer too.
#
# The only way to define a library. Sources are the folder's *.cc; *_test.cc become one test program,
# *_fuzz.cc become fuzz targets (and, in every preset, replay their corpus as a test).
# Creates textback_<name>, alias textback::<name>. Headers are included as "<name>/x.h".
#
# RUNS_ROCKSDB: its tests run RocksDB, into which ThreadSanitizer can't look (docs/adr/0015-tsan-and-rocksdb.md).
#
# LAYER is the architecture: a library may link only textback libraries of a LOWER layer, so a
# wrong dependency fails at configure time, not in review. Tests may use anything.
function(textback_library)
  cmake_parse_arguments(A "THREADS;RUNS_ROCKSDB" "NAME;LAYER" "DEPS;PRIVATE_DEPS;PUBLIC_DEPS;TEST_DEPS" ${ARGN})
  if(A_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "textback_library(${A_NAME}): unknown arguments ${A_UNPARSED_ARGUMENTS}")
  endif()
  set(target textback_${A_NAME})
  file(GLOB headers CONFIGURE_DEPENDS *.h)
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  file(GLOB fuzzers CONFIGURE_DEPENDS *_fuzz.cc)
  if(tests OR fuzzers)
    list(REMOVE_ITEM sources ${tests} ${fuzzers})
  endif()
  add_library(${target} STATIC ${sources})
  add_library(textback::${A_NAME} ALIAS ${target})
  set_property(TARGET ${target} PROPERTY TEXTBACK_LAYER ${A_LAYER})
  foreach(dep IN LISTS A_DEPS)
    if(NOT TARGET textback_${dep})
      message(FATAL_ERROR "layering: ${A_NAME} uses ${dep}, which is not defined before it")
    endif()
    get_target_property(dep_layer textback_${dep} TEXTBACK_LAYER)
    if(NOT dep_layer LESS A_LAYER)
      message(FATAL_ERROR "layering: ${A_NAME} (layer ${A_LAYER}) may not use ${dep} (layer ${dep_layer})")
    endif()
    target_link_libraries(${target} PUBLIC textback::${dep})
  endforeach()
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/libs FILES ${headers})
  target_link_libraries(${target} PUBLIC ${A_PUBLIC_DEPS} PRIVATE ${A_PRIVATE_DEPS} textback_options)
  textback_fuzzers(${A_NAME} "${fuzzers}" "${A_TEST_DEPS}")
  if(TEXTBACK_SANITIZE STREQUAL "thread" AND NOT A_THREADS)
    return()
  endif()
  if(BUILD_TESTING AND tests)
    add_executable(${target}_test ${tests})
    if(A_THREADS)
      add_dependencies(tsan_tests ${target}_test)
    endif()
    foreach(dep IN LISTS A_TEST_DEPS)
      target_link_libraries(${target}_test PRIVATE ${dep})
    endforeach()
    target_link_libraries(${target}_test PRIVATE textback::${A_NAME} textback_options GTest::gmock_main)
    target_compile_definitions(${target}_test PRIVATE TEXTBACK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    set(environment)
    if(A_RUNS_ROCKSDB)
      set(environment ENVIRONMENT TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan-rocksdb.supp)
    endif()
    gtest_discover_tests(${target}_test TEST_PREFIX ${A_NAME}. DISCOVERY_MODE PRE_TEST
                         PROPERTIES LABELS unit TIMEOUT 120 ${environment})
  endif()
endfunction()

# One fuzz target per <what>_fuzz.cc, which defines LLVMFuzzerTestOneInput. Seeds live in
# tests/data/fuzz/<what>/. In the fuzz preset it links libFuzzer; elsewhere a replayer that feeds
# every seed once, as a test.
function(textback_fuzzers library fuzzers test_deps)
  foreach(source IN LISTS fuzzers)
    get_filename_component(what ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" what ${what})
    set(corpus ${PROJECT_SOURCE_DIR}/tests/data/fuzz/${what})
    set(target fuzz_${what})
    if(TEXTBACK_FUZZ)
      add_executable(${target} ${source})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    elseif(BUILD_TESTING AND NOT TEXTBACK_SANITIZE STREQUAL "thread")
      add_executable(${target} ${source} ${PROJECT_SOURCE_DIR}/cmake/fuzz_replay.cc)
      add_test(NAME fuzz_replay.${what} COMMAND ${target} ${corpus})
      set_tests_properties(fuzz_replay.${what} PROPERTIES LABELS unit TIMEOUT 120)
    else()
      continue()
    endif()
    target_link_libraries(${target} PRIVATE textback::${library} textback_options)
    if(NOT TEXTBACK_FUZZ)  # what tests link isn't built there
      target_link_libraries(${target} PRIVATE ${test_deps})
    endif()
  endforeach()
endfunction()
