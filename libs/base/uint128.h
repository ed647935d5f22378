// 128-bit products, where the compiler has them.
#pragma once

namespace textback {
__extension__ using Uint128 = unsigned __int128;
}  // namespace textback
