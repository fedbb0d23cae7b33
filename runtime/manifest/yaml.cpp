#include "runtime/manifest/yaml.hpp"

#include "runtime/manifest/utf8.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>

namespace davit::manifest {

namespace {

// The only way out of yaml-cpp's parser before the end of the text is an exception; it is
// caught in parse_yaml and becomes a finding.
struct refusal {
  mark at;
  std::string message;
  std::string remedy;
};

// yaml-cpp keeps every token of a `[...]` or `{...}` until it knows that the whole is not a
// key: 4 MiB of brackets take it a gigabyte before the first event. This source ends the text
// once too many brackets have gone by without an event.
class guarded_source : public std::streambuf {
public:
  explicit guarded_source(std::string_view text) : text_(text) {}

  void saw_event() { pending_ = 0; }
  bool exceeded() const { return exceeded_; }

protected:
  std::streamsize xsgetn(char* out, std::streamsize wanted) override {
    if (exceeded())
      return 0;
    const auto count = std::min(static_cast<std::size_t>(wanted), text_.size() - at_);
    const auto part = text_.substr(at_, count);
    pending_ += static_cast<std::size_t>(std::count_if(part.begin(), part.end(), [](char c) {
      return c == '[' || c == '{' || c == ',' || c == ':' || c == ']' || c == '}';
    }));
    exceeded_ = pending_ > yaml_limits::pending;
    std::copy(part.begin(), part.end(), out);
    at_ += count;
    return static_cast<std::streamsize>(count);
  }
  int_type underflow() override {
    return at_ < text_.size() ? traits_type::to_int_type(text_[at_]) : traits_type::eof();
  }
  int_type uflow() override {
    return at_ < text_.size() ? traits_type::to_int_type(text_[at_++]) : traits_type::eof();
  }
  int_type pbackfail(int_type) override {
    if (at_ == 0)
      return traits_type::eof();
    return traits_type::to_int_type(text_[--at_]);
  }

private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t pending_ = 0;
  bool exceeded_ = false;
};

class builder : public YAML::EventHandler {
public:
  builder(int file, report& out, guarded_source& source)
    : file_(file), out_(out), source_(source) {}

  std::vector<node> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark&) override {
    source_.saw_event();
    anchors_.clear();
  }

  void OnDocumentEnd() override { source_.saw_event(); }

  void OnNull(const YAML::Mark& m, YAML::anchor_t anchor) override {
    node n;
    n.at = place(m);
    leaf(std::move(n), anchor);
  }

  void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    node n;
    n.at = place(m);
    n.what = node::kind::scalar;
    n.text = value;
    tagged(n, tag);
    if (n.how == node::merging::reset && value.empty())
      n.what = node::kind::null;
    leaf(std::move(n), anchor);
  }

  void OnAlias(const YAML::Mark& m, YAML::anchor_t anchor) override {
    source_.saw_event();
    const auto at = place(m);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw refusal{at, "this alias refers to the value that it stands in", "write it out"};
    const auto& target = found->second;
    if (static_cast<int>(frames_.size()) + target.height > yaml_limits::depth)
      throw too_deep(at);
    charge(at, target.values, target.text);
    if (!frames_.empty())
      frames_.back().height = std::max(frames_.back().height, target.height + 1);
    add(target.value);
  }

  void OnSequenceStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(m, tag, anchor, node::kind::sequence);
  }
  void OnMapStart(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(m, tag, anchor, node::kind::mapping);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    apply_merges(frames_.back());
    close();
  }

private:
  struct frame {
    node value;
    YAML::anchor_t anchor = 0;
    std::size_t values_before = 0;
    std::size_t text_before = 0;
    int height = 0;
    bool have_key = false;
    bool is_merge = false; // the pending key is `<<`
    bool had_merge = false;
    bool discard = false; // the pending key was there already
    std::string key;
    mark key_at;
    std::unordered_set<std::string> keys;
    std::vector<node> merges; // what `<<` names, first wins
  };
  struct anchored {
    node value;
    std::size_t values = 0;
    std::size_t text = 0;
    int height = 0;
  };

  mark place(const YAML::Mark& m) const { return {file_, m.line + 1, m.column + 1}; }

  static refusal too_deep(const mark& at) {
    return {at, "nested deeper than " + std::to_string(yaml_limits::depth) + " levels",
            "no Compose file needs that; check the brackets and aliases"};
  }

  void charge(const mark& at, std::size_t values, std::size_t text) {
    values_ += values;
    text_ += text;
    if (values_ > yaml_limits::values || text_ > yaml_limits::text)
      throw refusal{at, "the file has more than 250,000 values or 16 MiB of text, aliases expanded",
                    "use fewer aliases, or split the file"};
  }

  void tagged(node& n, const std::string& tag) {
    if (tag == "!" || tag == "tag:yaml.org,2002:str")
      n.quoted = true;
    else if (tag == "!reset")
      n.how = node::merging::reset;
    else if (tag == "!override")
      n.how = node::merging::override_;
    else if (tag != "?" && !tag.empty() && tag.rfind("tag:yaml.org,2002:", 0) != 0)
      out_.warning(n.at, "the tag '" + tag.substr(0, 40) + "' means nothing here", "remove it");
  }

  bool wants_key() const {
    return !frames_.empty() && frames_.back().value.is_mapping() && !frames_.back().have_key;
  }

  void leaf(node n, YAML::anchor_t anchor) {
    source_.saw_event();
    charge(n.at, 1, n.text.size());
    if (wants_key()) {
      take_key(std::move(n));
      return;
    }
    keep(anchor, n, 1, n.text.size(), 0);
    add(std::move(n));
  }

  void take_key(node n) {
    auto& f = frames_.back();
    f.have_key = true;
    f.key_at = n.at;
    f.is_merge = n.is_scalar() && !n.quoted && n.text == "<<";
    f.discard = false;
    if (n.is_null() || type_of(n) != scalar_type::string)
      out_.error(n.at, "a key must be a string, and this is " + describe(n),
                 "put it in quotes if that name is meant");
    if (f.is_merge) {
      if (f.had_merge)
        out_.error(n.at, "two '<<' in one mapping", "write one with a list: '<<: [*a, *b]'");
      f.had_merge = true;
      return;
    }
    if (!f.keys.insert(n.text).second) {
      const auto first = std::find_if(f.value.entries.begin(), f.value.entries.end(),
                                      [&](const entry& e) { return e.key == n.text; });
      out_.error(n.at,
                 "the key '" + n.text.substr(0, 80) + "' is here twice, first in line "
                   + std::to_string(first->at.line),
                 "keep one of them");
      f.discard = true;
    }
    f.key = std::move(n.text);
  }

  void open(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor, node::kind what) {
    source_.saw_event();
    const auto at = place(m);
    if (wants_key())
      throw refusal{at, "a key must be a string, not a list or a mapping",
                    "check for a missing quote around '{' or '['"};
    if (static_cast<int>(frames_.size()) >= yaml_limits::depth)
      throw too_deep(at);
    frame f;
    f.anchor = anchor;
    f.values_before = values_;
    f.text_before = text_;
    f.value.what = what;
    f.value.at = at;
    tagged(f.value, tag);
    f.value.quoted = false;
    charge(at, 1, 0);
    frames_.push_back(std::move(f));
  }

  void close() {
    source_.saw_event();
    auto f = std::move(frames_.back());
    frames_.pop_back();
    keep(f.anchor, f.value, values_ - f.values_before, text_ - f.text_before, f.height);
    if (!frames_.empty())
      frames_.back().height = std::max(frames_.back().height, f.height + 1);
    add(std::move(f.value));
  }

  // Anchored values are copied, and nested anchors would copy the same value many times over.
  void keep(YAML::anchor_t anchor, const node& n, std::size_t values, std::size_t text,
            int height) {
    if (anchor == 0)
      return;
    kept_values_ += values;
    kept_text_ += text;
    if (kept_values_ > yaml_limits::values || kept_text_ > yaml_limits::text)
      throw refusal{n.at, "too much of the file is inside anchors", "use fewer anchors"};
    anchors_[anchor] = {n, values, text, height};
  }

  void add(node n) {
    if (frames_.empty()) {
      if (!n.is_null())
        documents_.push_back(std::move(n));
      return;
    }
    auto& f = frames_.back();
    if (f.value.is_sequence()) {
      f.value.items.push_back(std::move(n));
      return;
    }
    f.have_key = false;
    if (f.is_merge)
      collect_merge(f, std::move(n));
    else if (!f.discard)
      f.value.entries.push_back({std::move(f.key), f.key_at, std::move(n)});
  }

  void collect_merge(frame& f, node n) {
    if (n.is_mapping()) {
      f.merges.push_back(std::move(n));
      return;
    }
    const bool all = n.is_sequence() && std::all_of(n.items.begin(), n.items.end(), [](auto& item) {
                       return item.is_mapping();
                     });
    if (!all) {
      out_.error(n.at, "'<<' takes a mapping or a list of mappings, and this is " + describe(n),
                 "let it name an anchor of a mapping: '<<: *name'");
      return;
    }
    std::move(n.items.begin(), n.items.end(), std::back_inserter(f.merges));
  }

  static void apply_merges(frame& f) {
    for (auto& source : f.merges)
      for (auto& e : source.entries)
        if (f.keys.insert(e.key).second)
          f.value.entries.push_back(std::move(e));
  }

  int file_;
  report& out_;
  guarded_source& source_;
  std::vector<frame> frames_;
  std::map<YAML::anchor_t, anchored> anchors_;
  std::vector<node> documents_;
  std::size_t values_ = 0;
  std::size_t text_ = 0;
  std::size_t kept_values_ = 0;
  std::size_t kept_text_ = 0;
};

} // namespace

std::vector<node> parse_yaml(const std::string& text, int file, report& out) {
  const mark whole{file, 0, 0};
  if (text.size() > yaml_limits::bytes) {
    out.error(whole, "the file has more than 4 MiB", "is it a Compose file?");
    return {};
  }
  if (const auto bad = bad_byte(text, file)) {
    out.error(bad->first, bad->second, "save the file as UTF-8 text");
    return {};
  }
  const auto errors_before = out.errors();
  guarded_source source(text);
  std::istream in(&source);
  builder handler(file, out, source);
  constexpr const char* brackets = "too many brackets before one value ends";
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(handler)) {}
    if (source.exceeded())
      out.error(whole, brackets, "write long lists with one line for each value");
  } catch (const refusal& r) {
    if (source.exceeded())
      out.error(whole, brackets, "write long lists with one line for each value");
    else
      out.error(r.at, r.message, r.remedy);
  } catch (const YAML::Exception& e) {
    if (source.exceeded())
      out.error(whole, brackets, "write long lists with one line for each value");
    else
      out.error({file, e.mark.line + 1, e.mark.column + 1}, "not YAML: " + e.msg,
                "check indentation, quotes and colons around here");
  }
  return out.errors() > errors_before ? std::vector<node>{} : handler.take();
}

} // namespace davit::manifest
