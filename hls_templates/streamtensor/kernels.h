// SPDX-License-Identifier: Apache-2.0
/// Everything that emitted code uses.
#ifndef STREAMTENSOR_KERNELS_H
#define STREAMTENSOR_KERNELS_H

#include <ap_int.h>
#include <hls_stream.h>

#include "streamtensor/adapt.h"
#include "streamtensor/attention.h"
#include "streamtensor/attention_int8.h"
#include "streamtensor/cache_scales.h"
#include "streamtensor/elementwise.h"
#include "streamtensor/float_order.h"
#include "streamtensor/fork.h"
#include "streamtensor/join.h"
#include "streamtensor/layers.h"
#include "streamtensor/matmul.h"
#include "streamtensor/matmul_groups.h"
#include "streamtensor/matmul_scaled_groups.h"
#include "streamtensor/memory.h"
#include "streamtensor/merge.h"
#include "streamtensor/move.h"
#include "streamtensor/normalization.h"
#include "streamtensor/partial_sums.h"
#include "streamtensor/quantize.h"
#include "streamtensor/quantize_groups.h"
#include "streamtensor/quantize_heads.h"
#include "streamtensor/rotary.h"
#include "streamtensor/sample.h"
#include "streamtensor/stripe_products.h"
#include "streamtensor/stripe_rows.h"
#include "streamtensor/striped_attention.h"
#include "streamtensor/striped_cache.h"
#include "streamtensor/striped_heads.h"
#include "streamtensor/stripes.h"
#include "streamtensor/task.h"
#include "streamtensor/vec.h"

#endif
