"""Pictures of any size: early activations of many samples, joined, and the network run over them.

Source: Frühstück, Alhashim and Wonka 2019, "TileGAN: Synthesis of Large-Scale Non-Homogeneous
Textures".
"""
