// jemalloc's settings, compiled into the programs; MALLOC_CONF in the environment adds to them.
//
// A batch frees in one go what it has allocated, and the next one allocates the same again. With
// jemalloc's default (10 s, but decayed along a curve and by the thread that frees) a part of it
// goes back to the kernel in between and comes back as cleared pages: a tenth of decide's CPU.
// Memory is bounded by the configuration all the same; this is only for how long it is kept.
extern "C" {
// NOLINTNEXTLINE(readability-identifier-naming,cppcoreguidelines-avoid-non-const-global-variables)
const char* malloc_conf = "dirty_decay_ms:30000,muzzy_decay_ms:30000";
}
