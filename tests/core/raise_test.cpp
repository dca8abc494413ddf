// SPDX-License-Identifier: Apache-2.0
// Subgraphs become the operator that computes the same, and only those do.
#include "core/passes/raise/raise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/graph_sketch.h"

namespace st::test {
namespace {

const std::map<std::string, Attribute> LastAxis = {{"axes", std::vector<int64_t>{-1}}};

struct NormForm {
  bool power;       ///< x^2 by Pow, not by Mul
  bool reciprocal;  ///< times 1 / sqrt, not over sqrt
  bool axes_input;  ///< as of opset 18
  bool swapped;     ///< scale first
};

class Norms : public testing::TestWithParam<NormForm> {
 protected:
  ValueId mean(GraphSketch& s, ValueId x) const {
    return GetParam().axes_input ? s.node("ReduceMean", {x, s.integers({-1})})
                                 : s.node("ReduceMean", {x}, LastAxis);
  }
  /// x / sqrt(mean(x^2) + 0.01) * scale
  ValueId scaled_norm(GraphSketch& s, ValueId x, ValueId scale) const {
    const ValueId square =
        GetParam().power ? s.node("Pow", {x, s.scalar(2)}) : s.node("Mul", {x, x});
    const ValueId root = s.node("Sqrt", {s.node("Add", {mean(s, square), s.scalar(0.01f)})});
    const ValueId norm = GetParam().reciprocal ? s.node("Mul", {s.node("Reciprocal", {root}), x})
                                               : s.node("Div", {x, root});
    return GetParam().swapped ? s.node("Mul", {scale, norm}) : s.node("Mul", {norm, scale});
  }
};

TEST_P(Norms, LayerNormalization) {
  GraphSketch s;
  const ValueId x = s.input("x", {2, 3, 8}), scale = s.constant("scale", {8}),
                bias = s.constant("bias", {8});
  const ValueId norm = scaled_norm(s, s.node("Sub", {x, mean(s, x)}), scale);
  s.output(GetParam().swapped ? s.node("Add", {bias, norm}) : s.node("Add", {norm, bias}));
  EXPECT_EQ(raised(s), "LayerNormalization");
  EXPECT_EQ(s.graph().nodes[0].inputs.size(), 3U);
  EXPECT_EQ(s.graph().nodes[0].real("epsilon", 0), 0.01f);
}

TEST_P(Norms, RmsNormalization) {
  GraphSketch s;
  const ValueId x = s.input("x", {2, 3, 8}), scale = s.constant("scale", {8});
  s.output(scaled_norm(s, x, scale));
  EXPECT_EQ(raised(s), "RMSNormalization");
  EXPECT_EQ(s.graph().opset, 23);
}

INSTANTIATE_TEST_SUITE_P(Raise, Norms,
                         testing::Values(NormForm{true, false, false, false},
                                         NormForm{false, true, false, true},
                                         NormForm{true, true, true, true},
                                         NormForm{false, false, true, false}));

TEST(Raise, NormsOfOtherFormStay) {
  struct Other {
    const char* what;
    std::vector<int64_t> axes, scale;
    int64_t keepdims;
    float exponent;
  };
  const Other others[] = {{"another axis", {1}, {8}, 1, 2},
                          {"two axes", {1, 2}, {8}, 1, 2},
                          {"a cube", {-1}, {8}, 1, 3},
                          {"a scalar scale", {-1}, {}, 1, 2},
                          {"a scale per row", {-1}, {3, 1}, 1, 2}};
  for (const Other& other : others) {
    SCOPED_TRACE(other.what);
    GraphSketch s;
    const ValueId x = s.input("x", {2, 3, 8}), scale = s.constant("scale", other.scale);
    const ValueId square = s.node("Pow", {x, s.scalar(other.exponent)});
    const ValueId mean =
        s.node("ReduceMean", {square}, {{"axes", other.axes}, {"keepdims", other.keepdims}});
    const ValueId shifted = s.node("Add", {s.node("Mul", {mean, mean}), s.scalar(1)});
    (void)shifted;
    const ValueId root = s.node("Sqrt", {s.node("Add", {mean, s.scalar(3)})});
    s.output(s.node("Mul", {s.node("Div", {x, root}), scale}));
    EXPECT_EQ(raised(s).find("Normalization"), std::string::npos);
  }
  {
    // The mean of another value.
    GraphSketch s;
    const ValueId x = s.input("x", {2, 8}), y = s.input("y", {2, 8}),
                  scale = s.constant("scale", {8});
    const ValueId root = s.node(
        "Sqrt",
        {s.node("Add", {s.node("ReduceMean", {s.node("Mul", {y, y})}, LastAxis), s.scalar(3)})});
    s.output(s.node("Mul", {s.node("Div", {x, root}), scale}));
    EXPECT_EQ(raised(s).find("Normalization"), std::string::npos);
  }
}

TEST(Raise, InnerValuesThatAreReadElsewhereStay) {
  GraphSketch s;
  const ValueId x = s.input("x", {2, 8}), scale = s.constant("scale", {8});
  const ValueId mean = s.node("ReduceMean", {s.node("Mul", {x, x})}, LastAxis);
  const ValueId root = s.node("Sqrt", {s.node("Add", {mean, s.scalar(3)})});
  s.output(s.node("Mul", {s.node("Div", {x, root}), scale}));
  s.output(mean);
  EXPECT_EQ(raised(s), "Mul RMSNormalization ReduceMean");
}

/// 0.5, x and the sum in the three orders of their product.
ValueId half_product(GraphSketch& s, ValueId x, ValueId sum, int order) {
  const ValueId half = s.scalar(0.5f);
  if (order == 0) return s.node("Mul", {s.node("Mul", {x, sum}), half});
  if (order == 1) return s.node("Mul", {s.node("Mul", {half, x}), sum});
  if (order == 2) return s.node("Mul", {x, s.node("Mul", {sum, half})});
  return s.node("Div", {s.node("Mul", {sum, x}), s.scalar(2)});
}

TEST(Raise, GeluByErf) {
  for (int order = 0; order < 4; ++order) {
    for (const bool divided : {false, true}) {
      GraphSketch s;
      const ValueId x = s.input("x", {2, 8});
      const ValueId argument = divided ? s.node("Div", {x, s.scalar(1.4142135f)})
                                       : s.node("Mul", {s.scalar(0.70710678f), x});
      const ValueId sum = s.node("Add", {s.node("Erf", {argument}), s.scalar(1)});
      s.output(half_product(s, x, sum, order));
      EXPECT_EQ(raised(s), "Gelu") << order;
      EXPECT_EQ(s.graph().nodes[0].string("approximate", "none"), "none");
    }
  }
}

TEST(Raise, GeluByTanh) {
  for (int form = 0; form < 5; ++form) {
    SCOPED_TRACE(form);
    GraphSketch s;
    const ValueId x = s.input("x", {2, 8}), factor = s.scalar(0.7978845608f),
                  small = s.scalar(0.044715f);
    ValueId argument = NoValue;
    if (form < 2) {
      const ValueId cube =
          form == 0 ? s.node("Pow", {x, s.scalar(3)}) : s.node("Mul", {s.node("Mul", {x, x}), x});
      argument = s.node("Mul", {s.node("Add", {x, s.node("Mul", {small, cube})}), factor});
    } else {
      const ValueId square = form == 2 ? s.node("Mul", {s.node("Mul", {small, x}), x})
                                       : s.node("Mul", {s.node("Mul", {x, x}), small});
      const ValueId sum = s.node("Add", {s.scalar(1), square});
      argument = form == 4 ? s.node("Mul", {factor, s.node("Mul", {x, sum})})
                           : s.node("Mul", {s.node("Mul", {x, factor}), sum});
    }
    const ValueId sum = s.node("Add", {s.node("Tanh", {argument}), s.scalar(1)});
    s.output(half_product(s, x, sum, form % 3));
    EXPECT_EQ(raised(s), "Gelu");
    EXPECT_EQ(s.graph().nodes[0].string("approximate", "none"), "tanh");
  }
}

TEST(Raise, OtherProductsAreNoGelu) {
  for (const auto& [divisor, one, half] :
       {std::tuple(1.5f, 1.0f, 0.5f), {1.4142135f, 2.0f, 0.5f}, {1.4142135f, 1.0f, 0.25f}}) {
    GraphSketch s;
    const ValueId x = s.input("x", {2, 8});
    const ValueId erf = s.node("Erf", {s.node("Div", {x, s.scalar(divisor)})});
    const ValueId sum = s.node("Add", {erf, s.scalar(one)});
    s.output(s.node("Mul", {s.node("Mul", {x, sum}), s.scalar(half)}));
    EXPECT_EQ(raised(s), "Add Div Erf Mul Mul");
  }
  GraphSketch s;
  const ValueId x = s.input("x", {2, 8}), other = s.input("other", {2, 8});
  const ValueId erf = s.node("Erf", {s.node("Div", {x, s.scalar(1.4142135f)})});
  const ValueId sum = s.node("Add", {erf, s.scalar(1)});
  s.output(s.node("Mul", {s.node("Mul", {other, sum}), s.scalar(0.5f)}));
  EXPECT_EQ(raised(s), "Add Div Erf Mul Mul");
}

TEST(Raise, Silu) {
  for (const bool swapped : {false, true}) {
    GraphSketch s;
    const ValueId x = s.input("x", {2, 8}), gate = s.node("Sigmoid", {x});
    s.output(swapped ? s.node("Mul", {gate, x}) : s.node("Mul", {x, gate}));
    EXPECT_EQ(raised(s), "Swish");
    EXPECT_EQ(s.graph().opset, 24);
  }
  GraphSketch s;
  const ValueId x = s.input("x", {2, 8}), other = s.input("other", {2, 8});
  s.output(s.node("Mul", {x, s.node("Sigmoid", {other})}));
  EXPECT_EQ(raised(s), "Mul Sigmoid");
  EXPECT_EQ(s.graph().opset, 17) << "nothing was made";
}

TEST(Raise, IndicesNeedNoCast) {
  GraphSketch s;
  const ValueId ids = s.input("ids", tensor_of_integers({1, 3}, {4, 0, 2})),
                table = s.constant("table", {6, 8});
  s.output(s.node("Gather", {table, s.node("Cast", {ids}, {{"to", int64_t{6}}})}));
  EXPECT_EQ(raised(s), "Gather");
}

}  // namespace
}  // namespace st::test
