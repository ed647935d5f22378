#include "ingest/input_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "base/hash.h"

namespace textback::ingest {
namespace {

constexpr std::string_view kWildcards = "*?[";

Error Unreadable(const std::string& path) {
  return RetryError("file_unreadable", path + ": " + std::strerror(errno));
}

FileStat StatOf(const struct stat& status) {
  return {{status.st_dev, status.st_ino},
          static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

struct FolderCloser {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// All regular files of a folder, links followed.
Result<std::vector<SeenFile>> ListFolder(const std::string& folder) {
  const std::unique_ptr<DIR, FolderCloser> handle(::opendir(folder.c_str()));
  if (handle == nullptr)
    return RetryError("folder_unreadable", folder + ": " + std::strerror(errno));
  std::vector<SeenFile> files;
  const std::string prefix = folder == "/" ? folder : folder + "/";
  while (const auto* entry = ::readdir(handle.get())) {
    struct stat status{};
    if (::fstatat(::dirfd(handle.get()), entry->d_name, &status, 0) != 0) continue;  // gone again
    if (!S_ISREG(status.st_mode)) continue;
    files.push_back({prefix + entry->d_name, StatOf(status), false});
  }
  std::ranges::sort(files, {}, &SeenFile::path);
  return files;
}

bool IsFolder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Result<InputFile> InputFile::Open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Unreadable(path);
  return InputFile(descriptor, path);
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileStat> InputFile::Stat() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return Unreadable(path_);
  return StatOf(status);
}

Status InputFile::ReadAt(std::uint64_t offset, std::size_t bytes, std::string& out) const {
  out.resize(bytes);
  std::size_t done = 0;
  while (done < bytes) {
    const auto got =
        ::pread(descriptor_, out.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable(path_);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return Ok();
}

Result<Fingerprint> InputFile::FingerprintAt(std::uint64_t offset) const {
  const auto bytes = std::min(offset, kFingerprintBytes);
  std::string part;
  TB_RETURN_IF_ERROR(ReadAt(0, bytes, part));
  const auto head = StableHash64(part);
  TB_RETURN_IF_ERROR(ReadAt(offset - bytes, bytes, part));
  return Fingerprint{head, StableHash64(part)};
}

Result<FilePatterns> FilePatterns::Make(const std::vector<std::string>& patterns) {
  FilePatterns made;
  for (const auto& text : patterns) {
    if (text.empty()) return FatalError("usage", "a file's name is empty");
    const auto slash = text.rfind('/');
    Pattern pattern{".", text};
    if (slash != std::string::npos)
      pattern = {text.substr(0, std::max<std::size_t>(slash, 1)), text.substr(slash + 1)};
    if (IsFolder(text)) pattern = {text.substr(0, text.find_last_not_of('/') + 1), "*"};
    if (pattern.folder.empty()) pattern.folder = "/";
    if (pattern.name.empty()) pattern.name = "*";
    if (pattern.folder.find_first_of(kWildcards) != std::string::npos) {
      return FatalError("usage", text +
                                     ": a wildcard may stand in the file's name only, not in a "
                                     "folder's");
    }
    made.patterns_.push_back(std::move(pattern));
  }
  return made;
}

FilePatterns::Listing FilePatterns::List() const {
  std::map<std::string, std::vector<const Pattern*>> folders;
  for (const auto& pattern : patterns_) folders[pattern.folder].push_back(&pattern);
  Listing listing;
  for (const auto& [folder, patterns] : folders) {
    auto files = ListFolder(folder);
    if (!files) {
      listing.errors.push_back(std::move(files).error());
      continue;
    }
    listing.folders.insert(folder == "/" ? folder : folder + "/");
    for (auto& file : *files) {
      const auto name = file.path.substr(file.path.rfind('/') + 1);
      file.matches = std::ranges::any_of(patterns, [&](const Pattern* pattern) {
        return pattern->name == name ||
               ::fnmatch(pattern->name.c_str(), name.c_str(), FNM_PERIOD) == 0;
      });
      listing.files.push_back(std::move(file));
    }
  }
  return listing;
}

}  // namespace textback::ingest
