// Stores on disk that are gone, damaged, old, another partition's, or on a disk that is full. The
// changelog is the state of record: each costs time, nothing else.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "faults/plant.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr double kRate = 800;
constexpr int kEnvironment = 3;
constexpr auto kLimit = 60s;

std::vector<fs::path> FilesOf(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The folders of partitions' stores.
std::vector<fs::path> StoresOf(const std::string& folder) {
  std::vector<fs::path> stores;
  for (const auto& file : FilesOf(folder)) {
    if (file.filename() == "CURRENT") stores.push_back(file.parent_path());
  }
  return stores;
}

// All files of documents: one of them alone might be empty of any that is asked for again.
void FlipAByteOfEachTable(const std::string& folder, Random& random) {
  int flipped = 0;
  for (const auto& file : FilesOf(folder)) {
    if (file.extension() != ".sst") continue;
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(random.Below(fs::file_size(file)));
    bytes.seekg(at);
    const auto byte = static_cast<char>(bytes.get() ^ 1 << random.Below(8));
    bytes.seekp(at);
    bytes.put(byte);
    ++flipped;
  }
  EXPECT_GT(flipped, 0) << folder;
}

void Truncate(const std::string& folder, Random& random) {
  const auto stores = StoresOf(folder);
  ASSERT_FALSE(stores.empty());
  for (const auto& store : stores) {
    auto files = FilesOf(store.string());
    const auto& file = files[random.Below(files.size())];
    fs::resize_file(file, random.Below(fs::file_size(file)));
  }
}

std::vector<fs::path> SwapTwo(const std::string& folder) {
  const auto stores = StoresOf(folder);
  EXPECT_GE(stores.size(), 2U);
  if (stores.size() < 2) return {};
  const auto& first = stores[0];
  const auto& second = stores[1];
  const fs::path aside = folder + "/aside";
  fs::rename(first, aside);
  fs::rename(second, first);
  fs::rename(aside, second);
  return {first, second};
}

TEST(Fault, Stores) {
  Plant plant("Stores", BrokerProcess::Shared().bootstrap(), DefaultPlant(kRate));
  plant.StartAll();
  int damaged = 0;
  for (const Service service : {Service::kWorker, Service::kDispatcher}) {
    const std::string state =
        plant.site().StateOf(service == Service::kWorker ? "worker" : "dispatcher");
    const std::string copy = state + ".copy";
    const auto strike = [&](const std::string& what, const std::function<void()>& damage) {
      plant.AwaitRandom(400);
      plant.Stop(service);  // what is flushed then is what is damaged
      damage();
      plant.Start(service);
      plant.Recover("stores " + what);
      ++damaged;
    };
    strike("copied", [&] { fs::copy(state, copy, fs::copy_options::recursive); });
    strike("deleted", [&] { fs::remove_all(state); });
    strike("truncated", [&] { Truncate(state, plant.random()); });
    strike("with a byte flipped", [&] { FlipAByteOfEachTable(state, plant.random()); });
    // Refused, by name: whoever moved it may have moved more. The operator removes them.
    plant.AwaitRandom(400);
    plant.Stop(service);
    const auto swapped = SwapTwo(state);
    plant.AllowExit(service, 1, kEnvironment);
    plant.Start(service);
    EXPECT_TRUE(plant.Await(kLimit, [&] { return plant.process(service).Wait(0ms).has_value(); }))
        << plant.site().Logs();
    EXPECT_TRUE(plant.process(service).Said("store_of_another_partition")) << plant.site().Logs();
    for (const auto& store : swapped) fs::remove_all(store);
    plant.AllowExit(service, 1, 0);
    plant.Start(service);
    plant.Recover("stores swapped");
    ++damaged;
    strike("restored from an old copy", [&] {
      fs::remove_all(state);
      fs::rename(copy, state);
    });
  }
  plant.Finish(std::to_string(damaged - 2) + " times damaged");
}

// A small file system, and a file that fills it.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=64m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  void Fill() const {
    std::ofstream file(folder_ + "/filler", std::ios::binary);
    const std::string block(64 * 1024, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())) && file.flush()) {
    }
  }
  void Free() const { fs::remove(folder_ + "/filler"); }

 private:
  const std::string folder_;
  bool mounted_ = false;
};

TEST(Fault, DiskFull) {
  auto options = DefaultPlant(kRate);
  options.site.decide_extra = "  flush_entries: 1000\n";  // the least: a flush a few seconds apart
  Plant plant("DiskFull", BrokerProcess::Shared().bootstrap(), options);
  const SmallDisk disk(plant.site().folder() + "/worker");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a file system needs root";
  plant.StartAll();
  for (int i = 0; i < 2; ++i) {
    plant.AwaitRandom(400);
    plant.AllowExit(Service::kWorker, 1, kEnvironment);
    disk.Fill();
    ASSERT_TRUE(
        plant.Await(kLimit, [&] { return plant.process(Service::kWorker).Wait(0ms).has_value(); }))
        << "a full disk ends the process" << plant.site().Logs();
    EXPECT_EQ(plant.process(Service::kWorker).Wait(0ms), kEnvironment) << plant.site().Logs();
    disk.Free();
    plant.AllowExit(Service::kWorker, 1, 0);
    plant.Start(Service::kWorker);
    plant.Recover("full disk");
  }
  plant.Finish("2 times full, each ended the worker with exit code 3");
}

}  // namespace
}  // namespace textback::tests
