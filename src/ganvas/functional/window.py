"""The sizes that SSIM and MS-SSIM need, known without torch."""

WINDOW = 11
"""Height and width of the window, and of the smallest image that holds one."""

SMALLEST_MS_SSIM = 176
"""Five scales with a window of 11 need more than 10 pixels at the coarsest."""
