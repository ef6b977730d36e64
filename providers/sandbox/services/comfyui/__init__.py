"""comfyui"""
